package org.qsd4j.chardev;

import java.math.BigInteger;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QemuOpts;

/** The options of one {@code --chardev}, each checked for what its kind of value has to be. Immutable. */
final class ChardevOpts {
    /** What an option's text has to be. */
    enum Type {
        STRING,
        BOOL,
        NUMBER,
        SIZE
    }

    private static final BigInteger UINT64_LIMIT = BigInteger.ONE.shiftLeft(Long.SIZE);
    private static final String SIZE_HINT = """
            Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-
            and exabytes, respectively.""";

    private final QemuOpts opts;

    private ChardevOpts(QemuOpts opts) {
        this.opts = opts;
    }

    /** Reads and checks a text. */
    static ChardevOpts parse(String text, Map<String, Type> types, Consumer<String> warning) {
        QemuOpts opts = QemuOpts.parse(text, "backend", types.keySet(), warning);
        opts.values().forEach((name, value) -> check(types.get(name), name, value));
        return new ChardevOpts(opts);
    }

    private static void check(@Nullable Type type, String name, String value) {
        if (type == Type.BOOL) {
            parseBool(name, value);
        } else if (type == Type.NUMBER) {
            parseNumber(name, value);
        } else if (type == Type.SIZE) {
            parseSize(name, value);
        }
    }

    boolean helpWanted() {
        return opts.helpWanted();
    }

    @Nullable
    String id() {
        return opts.id();
    }

    @Nullable
    String get(String name) {
        return opts.values().get(name);
    }

    /** A switch, or null if it isn't given. */
    @Nullable
    Boolean bool(String name) {
        String value = get(name);
        return value == null ? null : parseBool(name, value);
    }

    /** A number of 64 bits, signed or not, or null if it isn't given. */
    @Nullable
    Long number(String name) {
        String value = get(name);
        return value == null ? null : parseNumber(name, value);
    }

    /** A number of bytes, or null if it isn't given. */
    @Nullable
    Long size(String name) {
        String value = get(name);
        return value == null ? null : parseSize(name, value);
    }

    private static boolean parseBool(String name, String value) {
        return switch (value) {
            case "on", "yes", "true", "y" -> true;
            case "off", "no", "false", "n" -> false;
            default -> throw QapiException.generic("Parameter '%s' expects 'on' or 'off'", name);
        };
    }

    private static long parseNumber(String name, String value) {
        boolean negative = value.startsWith("-");
        BigInteger number = unsigned(negative ? value.substring(1) : value);
        if (number == null || number.compareTo(UINT64_LIMIT) >= 0) {
            throw QapiException.generic("Parameter '%s' expects a number", name);
        }
        return negative ? -number.longValue() : number.longValue();
    }

    /** Decimal, hexadecimal after 0x, octal after 0; null if it is none of them. */
    private static @Nullable BigInteger unsigned(String digits) {
        boolean hex = digits.toLowerCase(Locale.ROOT).startsWith("0x");
        String text = hex ? digits.substring(2) : digits;
        int radix = hex ? 16 : text.startsWith("0") ? 8 : 10;
        if (text.isEmpty() || !text.chars().allMatch(c -> Character.digit(c, radix) >= 0)) {
            return null;
        }
        return new BigInteger(text, radix);
    }

    private static long parseSize(String name, String value) {
        int shift = value.isEmpty() ? -1 : "bkmgtpe".indexOf(Character.toLowerCase(value.charAt(value.length() - 1)));
        BigInteger number = unsigned(shift < 0 ? value : value.substring(0, value.length() - 1));
        BigInteger bytes = number == null ? UINT64_LIMIT : number.shiftLeft(Math.max(shift, 0) * 10);
        if (bytes.compareTo(UINT64_LIMIT) >= 0) {
            throw QapiException.generic("Parameter '%s' expects a non-negative number below 2^64", name)
                    .withHint(SIZE_HINT);
        }
        return bytes.longValue();
    }
}
