package org.qsd4j.qapi;

/** The lexical rules of keys on the command line. */
final class KeyvalNames {
    private static final String VENDOR_PREFIX = "__";

    private KeyvalNames() {}

    static boolean isDigit(String text, int at) {
        return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
    }

    /** The end of the digits that start at {@code at}. */
    static int skipDigits(String text, int at) {
        int end = at;
        while (isDigit(text, end)) {
            end++;
        }
        return end;
    }

    /**
     * The end of the schema name that starts at {@code start}, or {@code start} if there is none. A vendor's extension
     * begins with two underscores, the vendor's domain, and another underscore.
     */
    static int skipName(String text, int start) {
        int at = start;
        if (text.startsWith(VENDOR_PREFIX, at)) {
            at += VENDOR_PREFIX.length();
            while (isLetter(text, at) || isDigit(text, at) || is(text, at, '-') || is(text, at, '.')) {
                at++;
            }
            if (!is(text, at, '_')) {
                return start;
            }
            at++;
        }
        if (!isLetter(text, at)) {
            return start;
        }
        while (isLetter(text, at) || isDigit(text, at) || is(text, at, '-') || is(text, at, '_')) {
            at++;
        }
        return at;
    }

    private static boolean isLetter(String text, int at) {
        if (at >= text.length()) {
            return false;
        }
        char c = text.charAt(at);
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean is(String text, int at, char c) {
        return at < text.length() && text.charAt(at) == c;
    }
}
