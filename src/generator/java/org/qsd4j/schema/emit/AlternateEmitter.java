package org.qsd4j.schema.emit;

import java.util.Optional;
import org.qsd4j.schema.model.Branch;
import org.qsd4j.schema.model.BuiltinType;
import org.qsd4j.schema.model.Definition.AlternateType;
import org.qsd4j.schema.model.Definition.EnumType;
import org.qsd4j.schema.model.Schema;
import org.qsd4j.schema.model.TypeRef;

/** An alternate: a sealed interface, a nested record a branch; the JSON type of the input selects. */
final class AlternateEmitter {
    private AlternateEmitter() {}

    static String emit(Schema schema, AlternateType type) {
        JavaWriter out = new JavaWriter();
        MemberEmitter members = new MemberEmitter(out);
        out.imports(
                "com.fasterxml.jackson.databind.JsonNode",
                "org.jspecify.annotations.Nullable",
                "org.qsd4j.qapi.InputVisitor");
        Javadoc.of(type.doc(), type.features()).write(out);
        out.open("public sealed interface %s {", type.name());
        Docs.visit(out);
        out.open("static %s visit(InputVisitor visitor, @Nullable String name) {", type.name());
        out.open("return switch (visitor.alternate(name)) {");
        for (Branch branch : type.branches()) {
            out.line(
                    "case %s -> new %s(%s);",
                    kind(schema, branch.type()),
                    JavaNames.branch(branch.name(), schema),
                    members.readValue(branch.type(), "name"));
        }
        out.line("default -> throw visitor.wrongAlternate(name, %s);", TypeMapper.literal(type.name()));
        out.close("};");
        out.close();
        out.line("");
        Javadoc.of("The value as JSON.").tag("@return the JSON of the branch").write(out);
        out.line("JsonNode toJson();");
        members.listMethods(type.branches().stream().map(Branch::type).toList(), true, true);
        for (Branch branch : type.branches()) {
            out.line("");
            Javadoc.of("The branch `" + branch.name() + "`.")
                    .param("value", branch.doc())
                    .write(out);
            out.open(
                    "record %s(%s value) implements %s {",
                    JavaNames.branch(branch.name(), schema), TypeMapper.java(branch.type(), out), type.name());
            out.line("@Override");
            out.open("public JsonNode toJson() {");
            out.line("return %s;", members.writeValue(branch.type(), "value"));
            out.close();
            out.close();
        }
        out.close();
        return out.source();
    }

    private static String kind(Schema schema, TypeRef type) {
        if (type.array()) {
            return "LIST";
        }
        Optional<BuiltinType> builtin = BuiltinType.find(type.name());
        if (builtin.isEmpty()) {
            return schema.type(type.name()).filter(EnumType.class::isInstance).isPresent() ? "STRING" : "DICT";
        }
        return switch (builtin.get()) {
            case STR -> "STRING";
            case BOOL -> "BOOL";
            case NULL -> "NULL";
            default -> "NUMBER";
        };
    }
}
