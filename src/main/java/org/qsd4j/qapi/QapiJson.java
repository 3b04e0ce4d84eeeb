package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;

/** Small pieces that generated code is made of. */
@ThreadSafe
public final class QapiJson {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private QapiJson() {}

    /** A new, empty object. */
    public static ObjectNode object() {
        return NODES.objectNode();
    }

    /** A new, empty array. */
    public static ArrayNode array() {
        return NODES.arrayNode();
    }

    /** JSON's null. */
    public static JsonNode nullNode() {
        return NODES.nullNode();
    }

    /** A string. */
    public static JsonNode node(String value) {
        return NODES.textNode(value);
    }

    /** A signed integer. */
    public static JsonNode node(long value) {
        return NODES.numberNode(value);
    }

    /** A floating point number. */
    public static JsonNode node(double value) {
        return NODES.numberNode(value);
    }

    /** A boolean. */
    public static JsonNode node(boolean value) {
        return NODES.booleanNode(value);
    }

    /** An unsigned integer, given as the 64 bits of a long. */
    public static JsonNode unsigned(long bits) {
        return bits >= 0 ? NODES.numberNode(bits) : NODES.numberNode(new BigInteger(Long.toUnsignedString(bits)));
    }

    /** A builder's required member. */
    public static <T> T required(@Nullable T value, String name) {
        if (value == null) {
            throw new IllegalStateException("member '" + name + "' is not set");
        }
        return value;
    }

    /** A union's branch takes only the base whose discriminator selects it. */
    public static void requireBranch(boolean selected) {
        if (!selected) {
            throw new IllegalArgumentException("the discriminator selects another branch");
        }
    }
}
