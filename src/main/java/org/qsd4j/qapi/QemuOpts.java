package org.qsd4j.qapi;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qsd4j.util.Identifier;

/**
 * The older of the command line's two notations, {@code value,key=value,flag,noflag}, which {@code --chardev} and {@code
 * --trace} have; a comma in a value is doubled. QEMU: {@code QemuOpts}. The newer one is keyval.
 *
 * @param id the value of {@code id}, which every list may have, or null
 * @param values every other option in order; the last duplicate counts
 * @param helpWanted a bare {@code help} or {@code ?} stands behind the first value; what follows it has not been read
 */
public record QemuOpts(@Nullable String id, Map<String, String> values, boolean helpWanted) {
    private static final String ID_HINT =
            "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.";

    private static final String SIZE_HINT =
            "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
                    + "and exabytes, respectively.";
    private static final Pattern WHOLE_SIZE = Pattern.compile("-?\\d+[bkmgtpe]?", Pattern.CASE_INSENSITIVE);

    /** One stretch of the text; the key is null where no "=" follows the first word. */
    private record Item(@Nullable String key, String value) {}

    /**
     * Reads the whole text.
     *
     * @param impliedKey the key of a first value that stands alone, or null where that is a flag like any other
     * @param keys what may be there besides {@code id}
     * @param warning takes what is deprecated about the text
     * @throws QapiException if a key isn't known or the id is malformed
     */
    public static QemuOpts parse(String text, @Nullable String impliedKey, Set<String> keys, Consumer<String> warning) {
        List<Item> items = split(text, impliedKey);
        String id = findId(items);
        Map<String, String> values = new LinkedHashMap<>();
        for (Item item : items) {
            String key = item.key();
            String value = item.value();
            if (key == null) {
                if (value.equals("help") || value.equals("?")) {
                    return new QemuOpts(id, values, true);
                }
                boolean off = value.startsWith("no");
                key = off ? value.substring(2) : value;
                String setting = off ? "off" : "on";
                warning.accept("short-form boolean option '" + value + "' deprecated\nPlease use " + key + "=" + setting
                        + " instead");
                value = setting;
            }
            if (!key.equals("id")) {
                if (!keys.contains(key)) {
                    throw QapiException.generic("Invalid parameter '%s'", key);
                }
                values.put(key, value);
            }
        }
        return new QemuOpts(id, values, false);
    }

    /** A number of bytes, as unsigned 64 bits. QEMU: {@code parse_option_size}. */
    public static long size(String name, String value) {
        try {
            return OptionNumbers.size(value);
        } catch (NumberFormatException e) {
            if (WHOLE_SIZE.matcher(value).matches()) {
                throw QapiException.generic("Value '%s' is out of range for parameter '%s'", value, name);
            }
            throw QapiException.generic("Parameter '%s' expects a non-negative number below 2^64", name)
                    .withHint(SIZE_HINT);
        }
    }

    /** A plain number, as unsigned 64 bits. QEMU: {@code parse_option_number}. */
    public static long number(String name, String value) {
        try {
            return OptionNumbers.uint64(value);
        } catch (NumberFormatException e) {
            throw QapiException.generic("Parameter '%s' expects a number", name);
        }
    }

    private static @Nullable String findId(List<Item> items) {
        for (Item item : items) {
            if ("id".equals(item.key())) {
                if (!Identifier.isWellFormed(item.value())) {
                    throw QapiException.generic("Parameter 'id' expects an identifier")
                            .withHint(ID_HINT);
                }
                return item.value();
            }
        }
        return null;
    }

    private static List<Item> split(String text, @Nullable String impliedKey) {
        List<Item> items = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int keyEnd = at;
            while (keyEnd < text.length() && text.charAt(keyEnd) != ',' && text.charAt(keyEnd) != '=') {
                keyEnd++;
            }
            boolean hasKey = keyEnd < text.length() && text.charAt(keyEnd) == '=';
            if (!hasKey && (at > 0 || impliedKey == null)) {
                items.add(new Item(null, text.substring(at, keyEnd)));
                at = keyEnd + 1;
                continue;
            }
            StringBuilder value = new StringBuilder();
            String key = hasKey ? text.substring(at, keyEnd) : impliedKey;
            at = readValue(text, hasKey ? keyEnd + 1 : at, value);
            items.add(new Item(key, value.toString()));
        }
        return items;
    }

    /** Returns where the next item begins: behind the first comma that isn't doubled. */
    private static int readValue(String text, int start, StringBuilder value) {
        int at = start;
        while (at < text.length()) {
            if (text.charAt(at) == ',') {
                at++;
                if (at == text.length() || text.charAt(at) != ',') {
                    return at;
                }
            }
            value.append(text.charAt(at));
            at++;
        }
        return at;
    }
}
