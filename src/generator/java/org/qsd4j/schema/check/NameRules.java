package org.qsd4j.schema.check;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** What names may look like. The wire names are QEMU's, which isn't consistent about '-' and '_': both are taken. */
public final class NameRules {
    private static final Pattern TYPE = Pattern.compile("[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*");
    private static final Pattern EVENT = Pattern.compile("[A-Z][A-Z0-9_]*");
    private static final Pattern LOWER = Pattern.compile("[a-z][a-z0-9_-]*");
    private static final Pattern ENUM_VALUE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    /** Types that generated code itself names. */
    private static final Set<String> TAKEN = Set.of(
            "ArrayList",
            "ArrayNode",
            "Boolean",
            "Builder",
            "Double",
            "InputVisitor",
            "Integer",
            "JsonInputVisitor",
            "JsonNode",
            "List",
            "Long",
            "NullMarked",
            "Nullable",
            "Object",
            "ObjectNode",
            "Override",
            "QNull",
            "QapiEvent",
            "QapiEvents",
            "QapiException",
            "QapiJson",
            "QmpDispatchTable",
            "QmpIntrospection",
            "StringBuilder",
            "String");

    private NameRules() {}

    /** Whether generated code names a type so. */
    public static boolean isTaken(String javaName) {
        return TAKEN.contains(javaName);
    }

    static boolean isTypeName(String name) {
        return TYPE.matcher(name).matches() && !isTaken(name);
    }

    static boolean isEventName(String name) {
        return EVENT.matcher(name).matches();
    }

    static boolean isCommandName(String name) {
        return LOWER.matcher(name).matches();
    }

    static boolean isMemberName(String name) {
        return LOWER.matcher(name).matches();
    }

    static boolean isEnumValue(String name) {
        return ENUM_VALUE.matcher(name).matches();
    }

    /** Names with the same key would become the same name in Java. */
    static String clashKey(String name) {
        return name.replace('_', '-').replace('.', '-').toLowerCase(Locale.ROOT);
    }
}
