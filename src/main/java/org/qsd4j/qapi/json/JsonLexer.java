package org.qsd4j.qapi.json;

import java.nio.ByteBuffer;

/**
 * Cuts a stream of bytes, however it is split, into tokens. QEMU: json-lexer.c. What can't begin or go on a token is an
 * {@link Token#ERROR}; after it, bytes are skipped up to the next bracket, colon, comma or control character.
 *
 * <p>Positions count bytes from 1. A token that starts with the byte that ended a number, a keyword or such a skip is
 * said to be one column further right than it is; clients see these numbers, so ours are the same.
 */
final class JsonLexer {
    /** The kinds of tokens. */
    enum Token {
        LEFT_BRACE,
        RIGHT_BRACE,
        LEFT_BRACKET,
        RIGHT_BRACKET,
        COLON,
        COMMA,
        INTEGER,
        FLOAT,
        KEYWORD,
        STRING,
        ERROR,
        /** The end of the input, where there is one. */
        END
    }

    /** A single token never grows beyond this; what is over it is an error, as a whole message of that size is. */
    static final int MAX_TOKEN_BYTES = 64 << 20;

    private enum State {
        START,
        DOUBLE_QUOTED,
        DOUBLE_QUOTED_ESCAPE,
        SINGLE_QUOTED,
        SINGLE_QUOTED_ESCAPE,
        MINUS,
        ZERO,
        DIGITS,
        POINT,
        FRACTION,
        EXPONENT,
        EXPONENT_SIGN,
        EXPONENT_DIGITS,
        WORD,
        SKIPPING
    }

    private final ByteText text = new ByteText();
    private State state = State.START;
    private Token token = Token.ERROR;
    private boolean seenAgain;
    private int line = 1;
    private int columnsDone;
    private int tokenLine = 1;
    private int tokenColumn = 1;

    /** Reads on; true if a token is complete, false if the buffer is used up. */
    boolean next(ByteBuffer in) {
        while (in.hasRemaining()) {
            if (state == State.START) {
                beginToken();
            }
            int at = in.position();
            int c = in.get(at) & 0xff;
            if (!seenAgain) {
                count(c);
            }
            seenAgain = false;
            in.position(at + 1);
            if (step(c)) {
                if (seenAgain) {
                    in.position(at);
                }
                return true;
            }
            if (seenAgain) {
                in.position(at);
            } else if (isInString()) {
                takeRun(in);
            }
        }
        return false;
    }

    /** Ends the input: true if that completes a token, which may be an error. */
    boolean finish() {
        switch (state) {
            case START -> {
                beginToken();
                return false;
            }
            case ZERO, DIGITS -> token = Token.INTEGER;
            case FRACTION, EXPONENT_DIGITS -> token = Token.FLOAT;
            case WORD -> token = Token.KEYWORD;
            case SKIPPING -> {
                state = State.START;
                return false;
            }
            default -> token = Token.ERROR;
        }
        state = State.START;
        columnsDone++;
        return true;
    }

    Token token() {
        return token;
    }

    /** The token's bytes, until the next call. */
    ByteText text() {
        return text;
    }

    int tokenLine() {
        return tokenLine;
    }

    int tokenColumn() {
        return tokenColumn;
    }

    private void beginToken() {
        text.clear();
        tokenLine = line;
        tokenColumn = columnsDone + 1;
    }

    private void count(int c) {
        if (c == '\n') {
            line++;
            columnsDone = 0;
        } else {
            columnsDone++;
        }
    }

    private boolean isInString() {
        return state == State.DOUBLE_QUOTED || state == State.SINGLE_QUOTED;
    }

    /** Takes the plain bytes of a string at once. */
    private void takeRun(ByteBuffer in) {
        int quote = state == State.DOUBLE_QUOTED ? '"' : '\'';
        int start = in.position();
        int end = Math.min(in.limit(), start + MAX_TOKEN_BYTES + 1 - text.length());
        int i = start;
        while (i < end && isPlain(in.get(i) & 0xff, quote)) {
            i++;
        }
        text.append(in, i - start);
        columnsDone += i - start;
    }

    private static boolean isPlain(int c, int quote) {
        return isText(c) && c != quote && c != '\\';
    }

    /** One byte; true if a token is complete. */
    private boolean step(int c) {
        return switch (state) {
            case START -> start(c);
            case DOUBLE_QUOTED -> inString(c, '"', State.DOUBLE_QUOTED_ESCAPE);
            case SINGLE_QUOTED -> inString(c, '\'', State.SINGLE_QUOTED_ESCAPE);
            case DOUBLE_QUOTED_ESCAPE -> escaped(c, State.DOUBLE_QUOTED);
            case SINGLE_QUOTED_ESCAPE -> escaped(c, State.SINGLE_QUOTED);
            case MINUS -> c == '0' ? to(c, State.ZERO) : isDigit(c) ? to(c, State.DIGITS) : error(c);
            case ZERO -> c == '.' ? to(c, State.POINT) : isDigit(c) ? error(c) : before(Token.INTEGER);
            case DIGITS -> digits(c);
            case POINT -> isDigit(c) ? to(c, State.FRACTION) : error(c);
            case FRACTION -> fraction(c);
            case EXPONENT -> exponent(c);
            case EXPONENT_SIGN -> isDigit(c) ? to(c, State.EXPONENT_DIGITS) : error(c);
            case EXPONENT_DIGITS -> isDigit(c) ? to(c, State.EXPONENT_DIGITS) : before(Token.FLOAT);
            case WORD -> isLower(c) ? to(c, State.WORD) : before(Token.KEYWORD);
            case SKIPPING -> skip(c);
        };
    }

    private boolean start(int c) {
        return switch (c) {
            case ' ', '\t', '\r', '\n' -> false;
            case '{' -> single(c, Token.LEFT_BRACE);
            case '}' -> single(c, Token.RIGHT_BRACE);
            case '[' -> single(c, Token.LEFT_BRACKET);
            case ']' -> single(c, Token.RIGHT_BRACKET);
            case ':' -> single(c, Token.COLON);
            case ',' -> single(c, Token.COMMA);
            case '"' -> to(c, State.DOUBLE_QUOTED);
            case '\'' -> to(c, State.SINGLE_QUOTED);
            case '-' -> to(c, State.MINUS);
            case '0' -> to(c, State.ZERO);
            default -> isDigit(c) ? to(c, State.DIGITS) : isLower(c) ? to(c, State.WORD) : error(c);
        };
    }

    private boolean digits(int c) {
        if (c == 'e' || c == 'E') {
            return to(c, State.EXPONENT);
        }
        if (c == '.') {
            return to(c, State.POINT);
        }
        return isDigit(c) ? to(c, State.DIGITS) : before(Token.INTEGER);
    }

    private boolean fraction(int c) {
        if (c == 'e' || c == 'E') {
            return to(c, State.EXPONENT);
        }
        return isDigit(c) ? to(c, State.FRACTION) : before(Token.FLOAT);
    }

    private boolean exponent(int c) {
        if (c == '+' || c == '-') {
            return to(c, State.EXPONENT_SIGN);
        }
        return isDigit(c) ? to(c, State.EXPONENT_DIGITS) : error(c);
    }

    private boolean inString(int c, int quote, State escape) {
        if (c == quote) {
            return single(c, Token.STRING);
        }
        if (c == '\\') {
            return to(c, escape);
        }
        return isText(c) ? to(c, state) : error(c);
    }

    private boolean escaped(int c, State string) {
        return isText(c) ? to(c, string) : error(c);
    }

    private boolean skip(int c) {
        boolean ends = (c < 0x20 && c != '\t') || c >= 0xfe || "{}[]:,".indexOf(c) >= 0;
        if (ends) {
            state = State.START;
            seenAgain = true;
        }
        return false;
    }

    private boolean to(int c, State next) {
        text.append(c);
        if (text.length() > MAX_TOKEN_BYTES) {
            return fail();
        }
        state = next;
        return false;
    }

    private boolean single(int c, Token complete) {
        text.append(c);
        token = complete;
        state = State.START;
        return true;
    }

    /** The byte ends the token without being part of it. */
    private boolean before(Token complete) {
        token = complete;
        state = State.START;
        seenAgain = true;
        return true;
    }

    private boolean error(int c) {
        text.append(c);
        return fail();
    }

    private boolean fail() {
        token = Token.ERROR;
        state = State.SKIPPING;
        return true;
    }

    private static boolean isText(int c) {
        return c >= 0x20 && c < 0xfe;
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isLower(int c) {
        return c >= 'a' && c <= 'z';
    }
}
