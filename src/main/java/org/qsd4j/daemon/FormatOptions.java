package org.qsd4j.daemon;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QemuOpts;

/**
 * What {@code -o} may say of a new image: the format's own options, then those of the file it lies in. QEMU: {@code
 * create_opts}.
 */
final class FormatOptions {
    static final String SIZE = "size";
    static final String BACKING_FILE = "backing_file";
    static final String BACKING_FORMAT = "backing_fmt";

    private enum Type {
        STR("str"),
        BOOL("bool (on/off)"),
        NUM("num"),
        SIZE("size");

        private final String text;

        Type(String text) {
            this.text = text;
        }
    }

    private static final Map<String, Type> FILE = Map.of("nocow", Type.BOOL, "extent_size_hint", Type.SIZE);
    private static final Map<String, Type> RAW = Map.of(SIZE, Type.SIZE, "preallocation", Type.STR);
    private static final Map<String, Type> LUKS = Map.of(
            SIZE,
            Type.SIZE,
            "preallocation",
            Type.STR,
            "cipher-alg",
            Type.STR,
            "cipher-mode",
            Type.STR,
            "detached-header",
            Type.BOOL,
            "hash-alg",
            Type.STR,
            "iter-time",
            Type.NUM,
            "ivgen-alg",
            Type.STR,
            "ivgen-hash-alg",
            Type.STR,
            "key-secret",
            Type.STR);
    private static final Map<String, Type> QCOW2 = Map.ofEntries(
            Map.entry(SIZE, Type.SIZE),
            Map.entry(BACKING_FILE, Type.STR),
            Map.entry(BACKING_FORMAT, Type.STR),
            Map.entry("cluster_size", Type.SIZE),
            Map.entry("compat", Type.STR),
            Map.entry("compression_type", Type.STR),
            Map.entry("data_file", Type.STR),
            Map.entry("data_file_raw", Type.BOOL),
            Map.entry("encrypt.cipher-alg", Type.STR),
            Map.entry("encrypt.cipher-mode", Type.STR),
            Map.entry("encrypt.format", Type.STR),
            Map.entry("encrypt.hash-alg", Type.STR),
            Map.entry("encrypt.iter-time", Type.NUM),
            Map.entry("encrypt.ivgen-alg", Type.STR),
            Map.entry("encrypt.ivgen-hash-alg", Type.STR),
            Map.entry("encrypt.key-secret", Type.STR),
            Map.entry("extended_l2", Type.BOOL),
            Map.entry("lazy_refcounts", Type.BOOL),
            Map.entry("preallocation", Type.STR),
            Map.entry("refcount_bits", Type.NUM));

    private final Map<String, Type> known;
    private final Map<String, String> values = new LinkedHashMap<>();
    private boolean helpWanted;

    /** @throws QapiException for a format that can't be made */
    FormatOptions(String format) {
        known = new TreeMap<>(
                switch (format) {
                    case "raw" -> RAW;
                    case "luks" -> LUKS;
                    case "qcow2" -> QCOW2;
                    default -> throw QapiException.generic("Unknown file format '%s'", format);
                });
        known.putAll(FILE);
    }

    /** Takes one {@code -o}; what it says goes before what others have said. */
    void read(String text) {
        QemuOpts opts = QemuOpts.parse(text, null, known.keySet(), warning -> {});
        helpWanted |= opts.helpWanted();
        opts.values().forEach((name, value) -> values.put(name, checked(name, value)));
    }

    /** Numbers and switches in their plainest form. */
    private String checked(String name, String value) {
        return switch (known.getOrDefault(name, Type.STR)) {
            case STR -> value;
            case NUM -> Long.toUnsignedString(QemuOpts.number(name, value));
            case SIZE -> Long.toUnsignedString(QemuOpts.size(name, value));
            case BOOL -> {
                if (!List.of("on", "off", "yes", "no", "true", "false", "y", "n")
                        .contains(value)) {
                    throw QapiException.generic("Parameter '%s' expects 'on' or 'off'", name);
                }
                yield List.of("on", "yes", "true", "y").contains(value) ? "on" : "off";
            }
        };
    }

    boolean helpWanted() {
        return helpWanted;
    }

    boolean takes(String name) {
        return known.containsKey(name);
    }

    void set(String name, String value) {
        values.put(name, value);
    }

    @Nullable
    String get(String name) {
        return values.get(name);
    }

    boolean isOn(String name) {
        return "on".equals(values.get(name));
    }

    Map<String, String> values() {
        return values;
    }

    /** What {@code -o help} shows. */
    String help(String format) {
        StringBuilder text = new StringBuilder("Supported " + format + " options:\n");
        known.forEach((name, type) -> text.append("  " + name + "=<" + type.text + ">\n"));
        return text.toString();
    }
}
