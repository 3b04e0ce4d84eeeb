package org.qsd4j.block;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.KeyvalInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.sys.NativeBuffer;

/**
 * Definitions made from the file names that images contain: {@code /some/file}, {@code file:name}, {@code nbd://…},
 * {@code json:{…}}.
 */
@MainThread
final class ImageFiles {
    private static final int PROBE_BYTES = 2048;
    private static final String DRIVER = "driver";
    private static final String FILE = "file";
    private static final String FILENAME = "filename";

    private final BlockGraph graph;
    private final OpenFlags inherited;
    private boolean hasProbed;

    ImageFiles(BlockGraph graph, OpenFlags inherited) {
        this.graph = graph;
        this.inherited = inherited;
    }

    /**
     * The definition of an image: a format over the protocol of its name.
     *
     * @param format null to take the name's, or look at the contents
     */
    BlockdevOptions image(String filename, @Nullable String format) {
        ObjectNode options = JsonFilename.parse(filename);
        if (options == null && isProtocol(format)) {
            return parse(protocol(filename).put(DRIVER, format));
        }
        if (options == null || (!options.has(DRIVER) && options.has(FILENAME))) {
            options = over(options == null ? protocol(filename) : withProtocol(options));
        }
        if (format != null) {
            options.put(DRIVER, format);
        }
        requireFile(options);
        if (!options.has(DRIVER)) {
            options.put(DRIVER, probe(options.get(FILE)));
            hasProbed = true;
        }
        return parse(options);
    }

    private boolean isProtocol(@Nullable String format) {
        BlockDriver driver = format == null ? null : graph.drivers().find(format);
        return driver != null && driver.isProtocol();
    }

    /** Whether {@link #image} had to look at the contents. */
    boolean hasProbed() {
        return hasProbed;
    }

    /** The definition of a file alone, or below the format if one is named. */
    BlockdevOptions file(String filename, @Nullable String format) {
        if (format != null) {
            return image(filename, format);
        }
        ObjectNode options = JsonFilename.parse(filename);
        return parse(options == null ? protocol(filename) : withProtocol(options));
    }

    private static ObjectNode over(ObjectNode protocol) {
        ObjectNode options = JsonNodeFactory.instance.objectNode();
        options.set(FILE, protocol);
        return options;
    }

    private ObjectNode protocol(String filename) {
        for (BlockDriver driver : graph.drivers().all()) {
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
        options.put(FILENAME, filename);
        return withProtocol(options);
    }

    /** A definition that only has a file name is a file's, or a device's. */
    private ObjectNode withProtocol(ObjectNode options) {
        if (!options.has(DRIVER)) {
            options.put(DRIVER, graph.drivers().ofPath(options.path(FILENAME).asText()));
        }
        return options;
    }

    /** The part before the first ':', if no '/' comes before that. */
    private static @Nullable String protocolName(String filename) {
        int colon = filename.indexOf(':');
        int slash = filename.indexOf('/');
        return colon < 0 || (slash >= 0 && slash < colon) ? null : filename.substring(0, colon);
    }

    private void requireFile(ObjectNode options) {
        JsonNode file = options.get(FILE);
        if (file instanceof ObjectNode definition) {
            withProtocol(definition);
            return;
        }
        if (file == null && !isProtocol(options.path(DRIVER).asText())) {
            throw QapiException.generic("A block device must be specified for \"file\"");
        }
    }

    private static BlockdevOptions parse(ObjectNode options) {
        return BlockdevOptions.visit(new KeyvalInputVisitor(options), null);
    }

    private String probe(JsonNode file) {
        BlockNode node;
        if (file instanceof ObjectNode definition) {
            node = graph.open(parse(definition), inherited.withReadOnly(true));
        } else {
            node = graph.lookup(file.asText(), file.asText());
            node.state().references++;
        }
        try {
            return probe(node);
        } finally {
            graph.release(node.state());
        }
    }

    private String probe(BlockNode file) {
        byte[] head = new byte[(int) Math.min(PROBE_BYTES, file.length())];
        NativeBuffer buffer = NativeBuffer.allocate(PROBE_BYTES);
        int result = file.read(0, buffer, 0, head.length);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not read image for determining its format");
        }
        buffer.get(0, head, 0, head.length);
        BlockDriver driver = graph.drivers().probe(head);
        if (driver == null) {
            throw QapiException.generic("Could not determine image format: No compatible driver found");
        }
        return driver.formatName();
    }
}
