package org.qsd4j.schema.emit;

import java.util.ArrayList;
import java.util.List;
import org.qsd4j.schema.model.DocText;
import org.qsd4j.schema.model.Feature;

/** One Javadoc comment, from documentation text in the schema's light markup. */
final class Javadoc {
    private final List<String> lines = new ArrayList<>();
    private final List<String> tags = new ArrayList<>();

    static Javadoc of(DocText doc, List<Feature> features) {
        Javadoc javadoc = new Javadoc().text(doc.body());
        for (Feature feature : features) {
            javadoc.paragraph("Feature {@code " + feature.name() + "}: " + markup(feature.doc()));
        }
        doc.since().ifPresent(since -> javadoc.tags.add("@since " + markup(since)));
        return javadoc;
    }

    static Javadoc of(String text) {
        return new Javadoc().text(text);
    }

    Javadoc text(String text) {
        for (String paragraph : text.split("\n\\s*\n", -1)) {
            paragraph(markup(paragraph));
        }
        return this;
    }

    private void paragraph(String html) {
        if (!lines.isEmpty()) {
            lines.add("");
            lines.add("<p>" + html);
        } else {
            lines.add(html);
        }
    }

    Javadoc param(String name, String text) {
        return tag("@param " + name + " " + markup(text));
    }

    Javadoc tag(String tag) {
        tags.add(tag);
        return this;
    }

    void write(JavaWriter out) {
        // Order within a comment: parameters, result, exceptions, since.
        tags.sort((a, b) -> Integer.compare(rank(a), rank(b)));
        if (lines.size() == 1
                && tags.isEmpty()
                && lines.get(0).indexOf('\n') < 0
                && lines.get(0).length() < 100) {
            out.line("/** " + lines.get(0) + " */");
            return;
        }
        out.line("/**");
        lines.forEach(line -> writeLines(out, line));
        if (!tags.isEmpty()) {
            out.line(" *");
            tags.forEach(tag -> writeLines(out, tag));
        }
        out.line(" */");
    }

    private static void writeLines(JavaWriter out, String text) {
        for (String line : text.split("\n", -1)) {
            out.line((" * " + line).stripTrailing());
        }
    }

    private static int rank(String tag) {
        return tag.startsWith("@param") ? 0 : tag.startsWith("@return") ? 1 : tag.startsWith("@throws") ? 2 : 3;
    }

    /** A fragment of text as a sentence of its own. */
    static String sentence(String text) {
        return Character.toUpperCase(text.charAt(0)) + sentenceEnd(text).substring(1);
    }

    /** The text with a full stop, if it doesn't end a sentence already. */
    static String sentenceEnd(String text) {
        return text.endsWith(".") || text.endsWith("!") ? text : text + ".";
    }

    /** Escapes HTML; {@code @name} of the schema and text in backquotes become code. */
    static String markup(String text) {
        return text.strip()
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("*/", "*&#47;")
                .replaceAll("`([^`]*)`", "{@code $1}")
                .replaceAll("(?<![\\w{])@([A-Za-z][\\w-]*)", "{@code $1}");
    }
}
