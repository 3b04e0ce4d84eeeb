package org.qsd4j.qapi.json;

/** A string token, quotes and all, made into text. QEMU: {@code parse_string}. */
final class JsonString {
    /** What is wrong with a string; the message is QEMU's. */
    static final class Invalid extends Exception {
        private static final long serialVersionUID = 1L;

        Invalid(String message) {
            super(message, null, false, false);
        }

        String text() {
            return String.valueOf(getMessage());
        }
    }

    private final ByteText token;
    private int at = 1;

    private JsonString(ByteText token) {
        this.token = token;
    }

    static String decode(ByteText token) throws Invalid {
        return new JsonString(token).decode();
    }

    private String decode() throws Invalid {
        int end = token.length() - 1;
        StringBuilder text = new StringBuilder(end);
        while (at < end) {
            int c = token.at(at);
            if (c == '\\') {
                text.appendCodePoint(escape());
            } else if (c < 0x80) {
                text.append((char) c);
                at++;
            } else {
                text.appendCodePoint(multiByte(end));
            }
        }
        return text.toString();
    }

    private int multiByte(int end) throws Invalid {
        int codePoint = ModifiedUtf8.codePoint(token.array(), at, end);
        if (codePoint == ModifiedUtf8.INVALID) {
            throw new Invalid("invalid UTF-8 sequence in string");
        }
        at += ModifiedUtf8.sequenceBytes(token.array(), at, end);
        return codePoint;
    }

    private int escape() throws Invalid {
        int c = token.at(at + 1);
        if (c == 'u') {
            return unicodeEscape();
        }
        at += 2;
        return switch (c) {
            case '"', '\'', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            default -> throw new Invalid("invalid escape sequence in string");
        };
    }

    private int unicodeEscape() throws Invalid {
        int start = at;
        int unit = hex4(start + 2);
        at += 6;
        if (unit >= 0xd800 && unit <= 0xdbff && isEscapeU(at)) {
            int low = hex4(at + 2);
            if (low >= 0xdc00 && low <= 0xdfff) {
                at += 6;
                return Character.toCodePoint((char) unit, (char) low);
            }
        }
        if (!ModifiedUtf8.isCharacter(unit)) {
            int shown = Math.min(6, token.length() - start);
            byte[] sequence = new byte[shown];
            System.arraycopy(token.array(), start, sequence, 0, shown);
            throw new Invalid(ModifiedUtf8.lossy(sequence, shown) + " is not a valid Unicode character");
        }
        return unit;
    }

    private boolean isEscapeU(int index) {
        return index + 1 < token.length() && token.at(index) == '\\' && token.at(index + 1) == 'u';
    }

    /** Four hexadecimal digits, or -1; a token always ends in its quote, which is none. */
    private int hex4(int index) {
        int value = 0;
        for (int i = index; i < index + 4; i++) {
            int digit = i < token.length() ? Character.digit(token.at(i), 16) : -1;
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }
}
