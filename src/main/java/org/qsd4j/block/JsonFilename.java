package org.qsd4j.block;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.json.JsonParser;

/**
 * The definition in a file name that begins with {@code json:}. It is looser than QMP's: keys may be paths
 * ({@code file.filename}), and scalars strings; both are brought into one form here, an object in an object and
 * strings.
 */
final class JsonFilename {
    private static final String PREFIX = "json:";

    private JsonFilename() {}

    /** The definition, or null if the name isn't of this kind. */
    static @Nullable ObjectNode parse(String filename) {
        if (!filename.startsWith(PREFIX)) {
            return null;
        }
        JsonNode tree;
        try {
            tree = JsonParser.parse(filename.substring(PREFIX.length()));
        } catch (QapiException e) {
            throw e.prepend("Could not parse the JSON options: ");
        }
        if (!(tree instanceof ObjectNode object)) {
            throw QapiException.generic("Invalid JSON object given");
        }
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        copy(object, result);
        return result;
    }

    private static void copy(ObjectNode from, ObjectNode to) {
        from.properties().forEach(member -> put(to, member.getKey(), member.getValue()));
    }

    private static void put(ObjectNode to, String path, JsonNode value) {
        int dot = path.indexOf('.');
        if (dot >= 0) {
            put(child(to, path.substring(0, dot)), path.substring(dot + 1), value);
        } else if (value instanceof ObjectNode object) {
            copy(object, child(to, path));
        } else if (value.isBoolean()) {
            to.put(path, value.booleanValue() ? "on" : "off");
        } else if (value.isNull() || value.isArray()) {
            to.set(path, value);
        } else {
            to.put(path, value.asText());
        }
    }

    private static ObjectNode child(ObjectNode parent, String name) {
        JsonNode child = parent.get(name);
        return child instanceof ObjectNode object ? object : parent.putObject(name);
    }
}
