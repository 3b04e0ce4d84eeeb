package org.qsd4j.schema.parse;

import java.util.Map;
import java.util.Optional;

/**
 * A definition's documentation comment: {@code @NAME:}, paragraphs about the whole, {@code @member: …} sections, the
 * same below a {@code Features:} line, and tagged sections. Text keeps its line breaks; paragraphs are separated by
 * an empty line.
 */
public record Doc(
        String symbol,
        String body,
        Map<String, String> members,
        Map<String, String> features,
        Optional<String> returns,
        Optional<String> errors,
        Optional<String> since,
        SourcePosition position) {}
