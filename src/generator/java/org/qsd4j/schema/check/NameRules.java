package org.qsd4j.schema.check;

import java.util.regex.Pattern;
import org.qsd4j.schema.model.BuiltinType;

/** What names may look like. The wire names are QEMU's, which isn't consistent about '-' and '_': both are taken. */
final class NameRules {
    private static final Pattern TYPE = Pattern.compile("[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*");
    private static final Pattern EVENT = Pattern.compile("[A-Z][A-Z0-9_]*");
    private static final Pattern LOWER = Pattern.compile("[a-z][a-z0-9_-]*");
    private static final Pattern ENUM_VALUE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    private NameRules() {}

    static boolean isTypeName(String name) {
        return TYPE.matcher(name).matches() && BuiltinType.find(name).isEmpty();
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
}
