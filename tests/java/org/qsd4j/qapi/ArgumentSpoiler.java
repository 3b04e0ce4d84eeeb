package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Spoils arguments of commands: other values, members left out, members too many. */
final class ArgumentSpoiler {
    private static final String[] VALUES = {
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "1.5",
        "1.0",
        "65536",
        "4294967296",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e300",
        "\"\"",
        "\"x\"",
        "\"on\"",
        "\"null-co\"",
        "\"raw\"",
        "\"all\"",
        "\"unix\"",
        "[]",
        "{}",
        "[\"x\"]",
        "[1]",
        "[null]",
        "{\"x\": 1}",
        "{\"driver\": \"null-co\"}",
        "{\"driver\": \"raw\"}",
        "[[\"x\"]]",
        "\"\\u00e9\""
    };
    private static final String[] NAMES = {"foo", "bar", "x", "driver", "data", "type", "zz"};

    private final Random random;
    private final JsonNode[] values = new JsonNode[VALUES.length];

    ArgumentSpoiler(Random random) throws IOException {
        this.random = random;
        for (int i = 0; i < VALUES.length; i++) {
            values[i] = new ObjectMapper().readTree(VALUES[i]);
        }
    }

    /** A copy with one to three things wrong. */
    ObjectNode spoil(JsonNode arguments) {
        ObjectNode copy = arguments.deepCopy();
        for (int i = random.nextInt(3); i >= 0; i--) {
            List<JsonNode> containers = new ArrayList<>();
            collect(copy, containers);
            JsonNode container = containers.get(random.nextInt(containers.size()));
            if (container instanceof ObjectNode object) {
                spoilMember(object);
            } else {
                ((ArrayNode) container).set(random.nextInt(container.size()), value());
            }
        }
        return copy;
    }

    private static void collect(JsonNode node, List<JsonNode> containers) {
        if (node.isObject() || (node.isArray() && !node.isEmpty())) {
            containers.add(node);
            node.forEach(child -> collect(child, containers));
        }
    }

    private void spoilMember(ObjectNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        int choice = names.isEmpty() ? 3 : random.nextInt(4);
        if (choice == 3) {
            object.set(NAMES[random.nextInt(NAMES.length)], value());
        } else if (choice == 2) {
            object.remove(names.get(random.nextInt(names.size())));
        } else {
            object.set(names.get(random.nextInt(names.size())), value());
        }
    }

    private JsonNode value() {
        return values[random.nextInt(values.length)].deepCopy();
    }
}
