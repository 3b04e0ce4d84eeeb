package org.qsd4j.block;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.sys.NativeBuffer;

/**
 * Definitions made from the file names that images contain: {@code /some/file}, {@code file:name}, {@code nbd://…},
 * {@code json:{…}}.
 */
final class ImageFiles {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String JSON_PREFIX = "json:";
    private static final int PROBE_BYTES = 2048;

    private ImageFiles() {}

    /**
     * The definition of an image: a format over the protocol of its name.
     *
     * @param format null to look at the contents
     */
    static BlockdevOptions options(BlockGraph graph, String filename, @Nullable String format, OpenFlags inherited) {
        ObjectNode protocol = protocolOptions(graph.drivers(), filename);
        String driver = protocol.path("driver").asText();
        BlockDriver named = graph.drivers().find(driver);
        if (named != null && !named.isProtocol()) {
            return parse(protocol);
        }
        return parse(over(format == null ? probe(graph, protocol, inherited) : format, protocol));
    }

    static ObjectNode over(String format, ObjectNode protocol) {
        ObjectNode options = JsonNodeFactory.instance.objectNode();
        options.put("driver", format);
        options.set("file", protocol);
        return options;
    }

    static ObjectNode protocolOptions(BlockDrivers drivers, String filename) {
        if (filename.startsWith(JSON_PREFIX)) {
            return pseudoProtocol(filename.substring(JSON_PREFIX.length()));
        }
        for (BlockDriver driver : drivers.all()) {
            ObjectNode options = driver.parseFilename(filename);
            if (options != null) {
                return options;
            }
        }
        String protocol = protocolName(filename);
        if (protocol != null) {
            throw QapiException.generic("Unknown protocol '%s'", protocol);
        }
        ObjectNode options = JsonNodeFactory.instance.objectNode();
        options.put("driver", "file");
        options.put("filename", filename);
        return options;
    }

    static BlockdevOptions parse(ObjectNode options) {
        return BlockdevOptions.visit(new JsonInputVisitor(options), null);
    }

    /** The part before the first ':', if no '/' comes before that. */
    private static @Nullable String protocolName(String filename) {
        int colon = filename.indexOf(':');
        int slash = filename.indexOf('/');
        return colon < 0 || (slash >= 0 && slash < colon) ? null : filename.substring(0, colon);
    }

    private static ObjectNode pseudoProtocol(String text) {
        JsonNode tree;
        try {
            tree = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw QapiException.generic("Could not parse the JSON options: %s", e.getOriginalMessage());
        }
        if (!(tree instanceof ObjectNode options)) {
            throw QapiException.generic("Invalid JSON object given");
        }
        return options;
    }

    private static String probe(BlockGraph graph, ObjectNode protocol, OpenFlags inherited) {
        BlockNode file = graph.open(parse(protocol), inherited.withReadOnly(true));
        try {
            byte[] head = new byte[(int) Math.min(PROBE_BYTES, file.length())];
            NativeBuffer buffer = NativeBuffer.allocate(PROBE_BYTES);
            int result = head.length == 0 ? 0 : file.read(0, buffer, 0, head.length);
            if (result < 0) {
                throw QapiException.fromErrno(result, "Could not read image for determining its format");
            }
            buffer.get(0, head, 0, head.length);
            BlockDriver driver = graph.drivers().probe(head);
            if (driver == null) {
                throw QapiException.generic("Could not determine image format: No compatible driver found");
            }
            return driver.formatName();
        } finally {
            graph.release(file.state());
        }
    }
}
