package org.qsd4j.util;

/** The form of ids that users choose. QEMU: {@code id_wellformed}. */
public final class Identifier {
    private Identifier() {}

    /** A letter, then letters, digits, '-', '.', '_'; ASCII only. */
    public static boolean isWellFormed(String id) {
        if (id.isEmpty() || !isLetter(id.charAt(0))) {
            return false;
        }
        for (int i = 1; i < id.length(); i++) {
            char c = id.charAt(i);
            if (!isLetter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_') {
                return false;
            }
        }
        return true;
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
}
