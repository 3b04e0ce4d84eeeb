package org.qsd4j.schema.parse;

/**
 * Cuts a schema file into tokens: JSON's punctuation, single-quoted printable ASCII strings, {@code true} and
 * {@code false}. {@code #} starts a comment; a line of two of them starts and ends a documentation comment.
 */
final class Lexer {
    private static final String DOC_MARK = "##";

    private final String file;
    private final String input;
    private int at;
    private int line = 1;
    private int lineStart;

    Lexer(String file, String input) {
        this.file = file;
        this.input = input;
    }

    Token next() {
        while (at < input.length()) {
            char c = input.charAt(at);
            if (c == '\n') {
                newLine();
            } else if (c == ' ' || c == '\r') {
                at++;
            } else if (c == '#') {
                if (currentLine().equals(DOC_MARK)) {
                    return doc();
                }
                at += currentLine().length();
            } else {
                return significant(c);
            }
        }
        return new Token(Token.Kind.END, "", position());
    }

    private Token significant(char c) {
        return switch (c) {
            case '{' -> punctuation(Token.Kind.LEFT_BRACE);
            case '}' -> punctuation(Token.Kind.RIGHT_BRACE);
            case '[' -> punctuation(Token.Kind.LEFT_BRACKET);
            case ']' -> punctuation(Token.Kind.RIGHT_BRACKET);
            case ':' -> punctuation(Token.Kind.COLON);
            case ',' -> punctuation(Token.Kind.COMMA);
            case '\'' -> string();
            default -> word(c);
        };
    }

    private Token punctuation(Token.Kind kind) {
        Token token = new Token(kind, "", position());
        at++;
        return token;
    }

    private Token word(char c) {
        SourcePosition start = position();
        int from = at;
        while (at < input.length() && Character.isLetterOrDigit(input.charAt(at))) {
            at++;
        }
        return switch (input.substring(from, at)) {
            case "true" -> new Token(Token.Kind.TRUE, "", start);
            case "false" -> new Token(Token.Kind.FALSE, "", start);
            default -> throw new SchemaException(start, "stray '" + (at > from ? input.substring(from, at) : c) + "'");
        };
    }

    private Token string() {
        SourcePosition start = position();
        StringBuilder text = new StringBuilder();
        at++;
        while (at < input.length()) {
            char c = input.charAt(at);
            if (c == '\n') {
                break;
            }
            if (c == '\'') {
                at++;
                return new Token(Token.Kind.STRING, text.toString(), start);
            }
            if (c < ' ' || c > '~' || c == '\\') {
                throw new SchemaException(position(), "only printable ASCII without backslash may stand in a string");
            }
            text.append(c);
            at++;
        }
        throw new SchemaException(start, "missing terminating \"'\"");
    }

    private Token doc() {
        SourcePosition start = position();
        StringBuilder text = new StringBuilder();
        skipLine();
        while (at < input.length()) {
            String current = currentLine();
            if (current.equals(DOC_MARK)) {
                at += current.length();
                return new Token(Token.Kind.DOC, text.toString(), start);
            }
            text.append(docLine(current)).append('\n');
            skipLine();
        }
        throw new SchemaException(start, "documentation comment must end with '##'");
    }

    private String docLine(String current) {
        if (current.equals("#")) {
            return "";
        }
        if (!current.startsWith("# ")) {
            throw new SchemaException(position(), "a line of a documentation comment must start with '# '");
        }
        return current.substring(2);
    }

    private String currentLine() {
        int end = input.indexOf('\n', at);
        return input.substring(at, end < 0 ? input.length() : end).stripTrailing();
    }

    private void skipLine() {
        int end = input.indexOf('\n', at);
        if (end < 0) {
            at = input.length();
        } else {
            at = end;
            newLine();
        }
    }

    private void newLine() {
        at++;
        line++;
        lineStart = at;
    }

    private SourcePosition position() {
        return new SourcePosition(file, line, at - lineStart + 1);
    }
}
