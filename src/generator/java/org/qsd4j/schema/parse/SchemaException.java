package org.qsd4j.schema.parse;

/** The schema is wrong. The message is one line that starts with {@code file:line:column: }. */
public final class SchemaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SchemaException(SourcePosition position, String message) {
        super(position + ": " + message);
    }
}
