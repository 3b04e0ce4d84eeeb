package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;

/**
 * Parses the {@code KEY=VALUE,…} form of a command line option into a tree of strings. QEMU: {@code keyval_parse}.
 *
 * <ul>
 *   <li>a comma in a value is written twice; a comma at the very end means nothing;
 *   <li>{@code a.b=1} puts {@code b} into an object {@code a}; {@code a.0=1,a.1=2} makes a list;
 *   <li>if a key is given twice, the later value holds;
 *   <li>the first value may stand without its key, if the option has an implied one;
 *   <li>{@code help} or {@code ?} without a value asks for help.
 * </ul>
 */
@ThreadSafe
public final class KeyvalParser {
    private static final int MAX_FRAGMENT = 127;
    /** As deep as JSON may be nested; QEMU itself sets no limit here. */
    private static final int MAX_DEPTH = 1024;

    private final String text;
    private final ObjectNode root = QapiJson.object();
    private boolean help;
    private int at;

    /**
     * What an option says.
     *
     * @param tree the members; every scalar is a string
     * @param help whether help was asked for
     */
    public record Result(ObjectNode tree, boolean help) {}

    private KeyvalParser(String text) {
        this.text = text;
    }

    /**
     * Parses an option that has no help of its own.
     *
     * @param impliedKey the key of a first value that stands alone, or null if that is not allowed
     */
    public static ObjectNode parse(String text, @Nullable String impliedKey) {
        KeyvalParser parser = new KeyvalParser(text);
        parser.parse(impliedKey);
        if (parser.help) {
            throw QapiException.generic("Help is not available for this option");
        }
        return parser.tree();
    }

    /**
     * Parses an option that has help.
     *
     * @param impliedKey the key of a first value that stands alone, or null if that is not allowed
     */
    public static Result parseWithHelp(String text, @Nullable String impliedKey) {
        KeyvalParser parser = new KeyvalParser(text);
        parser.parse(impliedKey);
        return new Result(parser.tree(), parser.help);
    }

    private void parse(@Nullable String impliedKey) {
        String implied = impliedKey;
        while (at < text.length()) {
            pair(implied);
            implied = null;
        }
    }

    private ObjectNode tree() {
        KeyvalLists.convert(root);
        return root;
    }

    private void pair(@Nullable String implied) {
        int start = at;
        int end = start;
        while (end < text.length() && text.charAt(end) != '=' && text.charAt(end) != ',') {
            end++;
        }
        String key = text.substring(start, end);
        boolean alone = !key.isEmpty() && (end == text.length() || text.charAt(end) == ',');
        if (alone && (key.equals("help") || key.equals("?"))) {
            help = true;
            at = Math.min(end + 1, text.length());
        } else if (alone && implied != null) {
            put(implied, key);
            at = Math.min(end + 1, text.length());
        } else {
            Place place = descend(key);
            if (end == text.length() || text.charAt(end) != '=') {
                throw QapiException.generic("Expected '=' after parameter '%s'", key);
            }
            at = end + 1;
            place.put(key, value());
        }
    }

    private void put(String key, String value) {
        descend(key).put(key, value);
    }

    /** Where a value goes: the object and the name in it. */
    private record Place(ObjectNode object, String name) {
        void put(String key, String value) {
            if (object.get(name) instanceof ObjectNode) {
                throw inconsistent(key);
            }
            object.put(name, value);
        }
    }

    /** Makes the objects that a dotted key names on its way. */
    private Place descend(String key) {
        ObjectNode object = root;
        int start = 0;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            int end = fragmentEnd(key, start);
            String fragment = key.substring(start, end);
            if (fragment.length() > MAX_FRAGMENT) {
                throw QapiException.generic(
                        "Parameter%s '%s' is too long", start == 0 && end == key.length() ? "" : " fragment", fragment);
            }
            if (end == key.length()) {
                return new Place(object, fragment);
            }
            object = child(object, fragment, key.substring(0, end));
            start = end + 1;
        }
        throw QapiException.generic("Parameters are nested too deeply");
    }

    private static ObjectNode child(ObjectNode object, String name, String path) {
        JsonNode child = object.get(name);
        if (child == null) {
            return object.putObject(name);
        }
        if (child instanceof ObjectNode node) {
            return node;
        }
        throw inconsistent(path);
    }

    private static int fragmentEnd(String key, int start) {
        int end = KeyvalNames.isDigit(key, start) && start > 0
                ? KeyvalNames.skipDigits(key, start)
                : KeyvalNames.skipName(key, start);
        if (end == start || (end < key.length() && key.charAt(end) != '.')) {
            throw QapiException.generic("Invalid parameter '%s'", key);
        }
        return end;
    }

    private String value() {
        StringBuilder value = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == ',') {
                if (at == text.length() || text.charAt(at) != ',') {
                    break;
                }
                at++;
            }
            value.append(c);
        }
        return value.toString();
    }

    static QapiException inconsistent(String path) {
        return QapiException.generic("Parameters '%s.*' used inconsistently", path);
    }
}
