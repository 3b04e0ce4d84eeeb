package org.qsd4j.schema.check;

import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.qsd4j.schema.model.DocText;
import org.qsd4j.schema.parse.Doc;
import org.qsd4j.schema.parse.Expression;
import org.qsd4j.schema.parse.SchemaException;
import org.qsd4j.schema.parse.SourcePosition;

/** Hands out the documentation of one definition, and notices what is undocumented or documented for nothing. */
final class DocReader {
    private final Doc doc;
    private final String what;
    private final Set<String> usedMembers = new HashSet<>();
    private final Set<String> usedFeatures = new HashSet<>();

    DocReader(Expression expression, String name, String what) {
        SourcePosition position = expression.value().position();
        this.doc = expression.doc().orElseThrow(() -> new SchemaException(position, what + ": has no documentation"));
        this.what = what;
        if (!doc.symbol().equals(name)) {
            throw new SchemaException(doc.position(), what + ": documentation is for '" + doc.symbol() + "'");
        }
    }

    String member(String name, SourcePosition position) {
        return take(doc.members(), usedMembers, name, "member", position);
    }

    String feature(String name, SourcePosition position) {
        return take(doc.features(), usedFeatures, name, "feature", position);
    }

    private String take(
            Map<String, String> sections, Set<String> used, String name, String kind, SourcePosition position) {
        String text = sections.get(name);
        if (text == null || text.isEmpty()) {
            throw new SchemaException(position, what + ": " + kind + " '" + name + "' has no documentation");
        }
        used.add(name);
        return text;
    }

    /** The rest of it, once every member and feature has taken its own. */
    DocText finish() {
        refuseUnused(doc.members(), usedMembers, "member");
        refuseUnused(doc.features(), usedFeatures, "feature");
        if (doc.body().isEmpty()) {
            throw new SchemaException(doc.position(), what + ": documentation says nothing about the whole");
        }
        return new DocText(doc.body(), doc.returns(), doc.errors(), doc.since());
    }

    DocText finish(boolean mayReturn) {
        refuse(doc.returns(), mayReturn, "Returns:");
        refuse(doc.errors(), mayReturn, "Errors:");
        return finish();
    }

    private void refuse(Optional<String> section, boolean allowed, String tag) {
        if (section.isPresent() && !allowed) {
            throw new SchemaException(doc.position(), what + ": '" + tag + "' is for commands alone");
        }
    }

    private void refuseUnused(Map<String, String> sections, Set<String> used, String kind) {
        for (String name : sections.keySet()) {
            if (!used.contains(name)) {
                throw new SchemaException(
                        doc.position(), what + ": documented " + kind + " '" + name + "' does not exist");
            }
        }
    }
}
