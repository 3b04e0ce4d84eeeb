package org.qsd4j.schema.check;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.qsd4j.schema.model.Branch;
import org.qsd4j.schema.model.Definition;
import org.qsd4j.schema.model.DocText;
import org.qsd4j.schema.model.EnumMember;
import org.qsd4j.schema.model.Feature;
import org.qsd4j.schema.model.Member;
import org.qsd4j.schema.model.TypeRef;
import org.qsd4j.schema.parse.Expression;
import org.qsd4j.schema.parse.SchemaException;
import org.qsd4j.schema.parse.Value;

/** Reads one expression by itself: its keys, names and documentation. Types may still be names of nothing. */
final class DefinitionReader {
    private static final List<String> KINDS = List.of("enum", "struct", "union", "alternate", "command", "event");

    private final Value.Dict value;
    private final String kind;
    private final String name;
    private final Fields fields;
    private final DocReader docs;
    private final MemberReader reader;

    private DefinitionReader(Expression expression, String kind) {
        this.value = expression.value();
        this.kind = kind;
        this.name = new Fields(value, kind).text(kind).orElseThrow();
        String what = kind + " '" + name + "'";
        this.fields = new Fields(value, what);
        this.docs = new DocReader(expression, name, what);
        this.reader = new MemberReader(docs, fields, what);
    }

    /** The definition, after the base that it spells out in place, if any. */
    static List<Definition> read(Expression expression) {
        for (String kind : KINDS) {
            if (expression.value().members().containsKey(kind)) {
                return new DefinitionReader(expression, kind).read();
            }
        }
        throw new SchemaException(
                expression.value().position(), "expected one of " + String.join(", ", KINDS) + ", include");
    }

    private List<Definition> read() {
        boolean valid = switch (kind) {
            case "command" -> NameRules.isCommandName(name);
            case "event" -> NameRules.isEventName(name);
            default -> NameRules.isTypeName(name);
        };
        if (!valid) {
            throw fields.error(value.position(), "invalid name");
        }
        return switch (kind) {
            case "enum" -> List.of(enumType());
            case "struct" -> List.of(structType());
            case "union" -> unionType();
            case "alternate" -> List.of(alternateType());
            case "command" -> List.of(command());
            default -> List.of(event());
        };
    }

    private Definition enumType() {
        allow(Set.of("data"), Set.of("features"));
        List<EnumMember> members = reader.enumMembers(fields.array("data"));
        List<Feature> features = features();
        return new Definition.EnumType(name, members, features, docs.finish(false), value.position());
    }

    private Definition structType() {
        allow(Set.of("data"), Set.of("base", "features"));
        List<Member> members = reader.members(fields.dict("data"));
        List<Feature> features = features();
        return new Definition.StructType(
                name, fields.text("base"), members, features, docs.finish(false), value.position());
    }

    private List<Definition> unionType() {
        allow(Set.of("base", "discriminator", "data"), Set.of("features"));
        List<Definition> result = new ArrayList<>();
        boolean inline = fields.find("base").orElseThrow() instanceof Value.Dict;
        String base = inline ? name + "Base" : fields.text("base").orElseThrow();
        List<Member> members = inline ? reader.members(fields.dict("base")) : List.of();
        List<Branch> branches = reader.branches(fields.dict("data"), false);
        List<Feature> features = features();
        DocText doc = docs.finish(false);
        if (inline) {
            DocText baseDoc = new DocText(
                    "The members that every branch of " + name + " has.",
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());
            result.add(
                    new Definition.StructType(base, Optional.empty(), members, List.of(), baseDoc, value.position()));
        }
        result.add(new Definition.UnionType(
                name,
                base,
                inline,
                fields.text("discriminator").orElseThrow(),
                branches,
                features,
                doc,
                value.position()));
        return result;
    }

    private Definition alternateType() {
        allow(Set.of("data"), Set.of("features"));
        List<Branch> branches = reader.branches(fields.dict("data"), true);
        List<Feature> features = features();
        return new Definition.AlternateType(name, branches, features, docs.finish(false), value.position());
    }

    private Definition command() {
        allow(
                Set.of(),
                Set.of("data", "returns", "boxed", "allow-oob", "allow-preconfig", "coroutine", "gen", "features"));
        Optional<TypeRef> returns = fields.find("returns").map(type -> reader.typeRef("returns", type));
        List<Member> members = inlineData();
        List<Feature> features = features();
        return new Definition.Command(
                name,
                dataName(),
                members,
                fields.flag("boxed", false),
                returns,
                fields.flag("allow-oob", false),
                fields.flag("gen", true),
                features,
                docs.finish(true),
                value.position());
    }

    private Definition event() {
        allow(Set.of(), Set.of("data", "boxed", "features"));
        List<Member> members = inlineData();
        List<Feature> features = features();
        return new Definition.Event(
                name, dataName(), members, fields.flag("boxed", false), features, docs.finish(false), value.position());
    }

    private Optional<String> dataName() {
        return isDataInline() ? Optional.empty() : fields.text("data");
    }

    private List<Member> inlineData() {
        return isDataInline() ? reader.members(fields.dict("data")) : List.of();
    }

    private boolean isDataInline() {
        return fields.find("data").filter(Value.Dict.class::isInstance).isPresent();
    }

    private List<Feature> features() {
        return reader.features(fields.array("features"));
    }

    private void allow(Set<String> required, Set<String> optional) {
        Set<String> all = new HashSet<>(required);
        all.add(kind);
        fields.allow(all, optional);
    }
}
