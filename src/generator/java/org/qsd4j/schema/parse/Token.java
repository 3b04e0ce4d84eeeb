package org.qsd4j.schema.parse;

/** One lexical unit. {@code text} is a string's content, or a documentation comment's lines without their markers. */
record Token(Kind kind, String text, SourcePosition position) {
    enum Kind {
        LEFT_BRACE("'{'"),
        RIGHT_BRACE("'}'"),
        LEFT_BRACKET("'['"),
        RIGHT_BRACKET("']'"),
        COLON("':'"),
        COMMA("','"),
        STRING("string"),
        TRUE("true"),
        FALSE("false"),
        DOC("documentation comment"),
        END("end of file");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }
    }

    String describe() {
        return kind == Kind.STRING ? "string '" + text + "'" : kind.label();
    }
}
