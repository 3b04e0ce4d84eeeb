package org.qsd4j.schema.parse;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Reads the text of one documentation comment. */
final class DocParser {
    private static final String[] TAGS = {"Returns:", "Errors:", "Since:"};

    private final SourcePosition position;
    private final Map<String, StringBuilder> members = new LinkedHashMap<>();
    private final Map<String, StringBuilder> features = new LinkedHashMap<>();
    private final Map<String, StringBuilder> tags = new LinkedHashMap<>();
    private final StringBuilder body = new StringBuilder();
    private boolean inFeatures;

    private DocParser(SourcePosition position) {
        this.position = position;
    }

    /** Empty for a comment that doesn't begin with {@code @NAME:}: a heading, tied to no definition. */
    static Optional<Doc> parse(Token token) {
        String text = token.text().strip();
        int end = text.indexOf('\n') < 0 ? text.length() : text.indexOf('\n');
        String first = text.substring(0, end);
        if (!first.startsWith("@")) {
            return Optional.empty();
        }
        if (!first.endsWith(":")) {
            throw new SchemaException(token.position(), "the first line must be '@NAME:'");
        }
        return Optional.of(
                new DocParser(token.position()).parse(first.substring(1, first.length() - 1), text.substring(end)));
    }

    private Doc parse(String symbol, String text) {
        StringBuilder section = body;
        int number = position.line() + 1;
        for (String line : text.split("\n", -1)) {
            section = sectionOf(line, section, new SourcePosition(position.file(), number++, 1));
        }
        return new Doc(
                symbol,
                body.toString().strip(),
                finish(members),
                finish(features),
                tag("Returns:"),
                tag("Errors:"),
                tag("Since:"),
                position);
    }

    private StringBuilder sectionOf(String line, StringBuilder current, SourcePosition at) {
        if (line.equals("Features:")) {
            inFeatures = true;
            return body;
        }
        if (line.startsWith("@")) {
            return memberSection(line, at);
        }
        for (String tag : TAGS) {
            if (line.startsWith(tag)) {
                StringBuilder section = start(tags, tag, at);
                section.append(line.substring(tag.length()).strip()).append('\n');
                return section;
            }
        }
        current.append(line.strip()).append('\n');
        return current;
    }

    private StringBuilder memberSection(String line, SourcePosition at) {
        int colon = line.indexOf(':');
        if (colon < 2) {
            throw new SchemaException(at, "expected '@NAME: text'");
        }
        StringBuilder section = start(inFeatures ? features : members, line.substring(1, colon), at);
        section.append(line.substring(colon + 1).strip()).append('\n');
        return section;
    }

    private static StringBuilder start(Map<String, StringBuilder> sections, String name, SourcePosition at) {
        StringBuilder section = new StringBuilder();
        if (sections.put(name, section) != null) {
            throw new SchemaException(at, "'" + name + "' is documented twice");
        }
        return section;
    }

    private static Map<String, String> finish(Map<String, StringBuilder> sections) {
        Map<String, String> result = new LinkedHashMap<>();
        sections.forEach((name, text) -> result.put(name, text.toString().strip()));
        return result;
    }

    private Optional<String> tag(String tag) {
        return Optional.ofNullable(tags.get(tag)).map(text -> text.toString().strip());
    }
}
