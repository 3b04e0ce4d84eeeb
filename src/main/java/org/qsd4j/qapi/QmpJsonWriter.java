package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import org.qsd4j.aio.ThreadSafe;

/**
 * Writes JSON byte for byte as QEMU does: pure ASCII, members in {@link QDictOrder}, a space behind every colon and (on
 * one line) every comma. The line end is the caller's.
 */
@ThreadSafe
public final class QmpJsonWriter {
    private static final int INDENT = 4;

    /** More than any answer of ours needs; a client can ask for far more by an id that is echoed, nested and indented. */
    private static final int MAX_BYTES = 64 << 20;

    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'};

    private final boolean pretty;
    private byte[] out = new byte[256];
    private int length;
    private int depth;

    private QmpJsonWriter(boolean pretty) {
        this.pretty = pretty;
    }

    /**
     * The JSON text of a value; throws QapiException if it is beyond all measure.
     *
     * @param pretty true for a member or element a line, indented by 4 spaces
     */
    public static byte[] toBytes(JsonNode node, boolean pretty) {
        QmpJsonWriter writer = new QmpJsonWriter(pretty);
        writer.value(node);
        return Arrays.copyOf(writer.out, writer.length);
    }

    private void value(JsonNode node) {
        switch (node.getNodeType()) {
            case OBJECT -> object((ObjectNode) node);
            case ARRAY -> array(node);
            case STRING -> string(node.textValue());
            case NUMBER -> ascii(number(node));
            case BOOLEAN -> ascii(node.booleanValue() ? "true" : "false");
            default -> ascii("null");
        }
    }

    private void object(ObjectNode node) {
        @SuppressWarnings({"unchecked", "rawtypes"})
        Map.Entry<String, JsonNode>[] members = new Map.Entry[node.size()];
        int count = 0;
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            members[count++] = member;
        }
        QDictOrder.sort(members);
        put('{');
        depth++;
        for (int i = 0; i < count; i++) {
            separate(i == 0);
            string(members[i].getKey());
            put(':');
            put(' ');
            value(members[i].getValue());
        }
        close('}');
    }

    private void array(JsonNode node) {
        put('[');
        depth++;
        boolean first = true;
        for (Iterator<JsonNode> elements = node.elements(); elements.hasNext(); ) {
            separate(first);
            value(elements.next());
            first = false;
        }
        close(']');
    }

    private void separate(boolean first) {
        if (!first) {
            put(',');
            if (!pretty) {
                put(' ');
            }
        }
        if (pretty) {
            newLine();
        }
    }

    private void close(char bracket) {
        depth--;
        if (pretty) {
            newLine();
        }
        put(bracket);
    }

    private void newLine() {
        put('\n');
        for (int i = 0; i < depth * INDENT; i++) {
            put(' ');
        }
    }

    private static String number(JsonNode node) {
        if (node.isIntegralNumber() && (node.canConvertToLong() || isUnsignedLong(node))) {
            return node.asText();
        }
        return Doubles.format17(node.doubleValue());
    }

    private static boolean isUnsignedLong(JsonNode node) {
        return node.bigIntegerValue().signum() > 0 && node.bigIntegerValue().bitLength() <= Long.SIZE;
    }

    private void string(String text) {
        put('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> escape('"');
                case '\\' -> escape('\\');
                case '\b' -> escape('b');
                case '\f' -> escape('f');
                case '\n' -> escape('n');
                case '\r' -> escape('r');
                case '\t' -> escape('t');
                default -> {
                    if (c >= ' ' && c < 0x7f) {
                        put(c);
                    } else {
                        unicode(c);
                    }
                }
            }
        }
        put('"');
    }

    private void escape(char c) {
        put('\\');
        put(c);
    }

    private void unicode(char c) {
        escape('u');
        for (int shift = 12; shift >= 0; shift -= 4) {
            put((char) HEX[c >> shift & 0xf]);
        }
    }

    private void ascii(String text) {
        for (int i = 0; i < text.length(); i++) {
            put(text.charAt(i));
        }
    }

    private void put(char c) {
        if (length == out.length) {
            if (length >= MAX_BYTES) {
                throw QapiException.generic("The reply is larger than %d MiB", MAX_BYTES >> 20);
            }
            out = Arrays.copyOf(out, 2 * length);
        }
        out[length++] = (byte) c;
    }
}
