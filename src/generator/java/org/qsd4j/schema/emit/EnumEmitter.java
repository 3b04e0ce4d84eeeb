package org.qsd4j.schema.emit;

import org.qsd4j.schema.model.Definition.EnumType;
import org.qsd4j.schema.model.EnumMember;

/** An enumeration: constants with their wire names. */
final class EnumEmitter {
    private EnumEmitter() {}

    static String emit(EnumType type) {
        JavaWriter out = new JavaWriter();
        out.imports(
                "com.fasterxml.jackson.databind.JsonNode",
                "org.jspecify.annotations.Nullable",
                "org.qsd4j.qapi.InputVisitor",
                "org.qsd4j.qapi.QapiException",
                "org.qsd4j.qapi.QapiJson");
        Javadoc.of(type.doc(), type.features()).write(out);
        out.open("public enum %s {", type.name());
        for (EnumMember member : type.members()) {
            Javadoc.of(Javadoc.sentence(member.doc())).write(out);
            boolean last = member.equals(type.members().get(type.members().size() - 1));
            out.line(
                    "%s(%s)%s", JavaNames.constant(member.name()), TypeMapper.literal(member.name()), last ? ";" : ",");
        }
        if (type.members().isEmpty()) {
            out.line(";");
        }
        out.line("");
        out.line("private final String wireName;");
        out.line("");
        out.open("%s(String wireName) {", type.name());
        out.line("this.wireName = wireName;");
        out.close();
        wireName(out);
        fromWireName(type, out);
        visit(type, out);
        out.line("");
        Javadoc.of("The value as a JSON string.").tag("@return a text node").write(out);
        out.open("public JsonNode toJson() {");
        out.line("return QapiJson.node(wireName);");
        out.close();
        out.close();
        return out.source();
    }

    private static void wireName(JavaWriter out) {
        out.line("");
        Javadoc.of("The name in JSON and on the command line.")
                .tag("@return the wire name")
                .write(out);
        out.open("public String wireName() {");
        out.line("return wireName;");
        out.close();
    }

    private static void fromWireName(EnumType type, JavaWriter out) {
        out.line("");
        Javadoc.of("Finds a value by its wire name.")
                .param("wireName", "the name as the client writes it")
                .tag("@return the value, or null if there is none of that name")
                .write(out);
        out.open("public static @Nullable %s fromWireName(String wireName) {", type.name());
        out.open("return switch (wireName) {");
        for (EnumMember member : type.members()) {
            out.line("case %s -> %s;", TypeMapper.literal(member.name()), JavaNames.constant(member.name()));
        }
        out.line("default -> null;");
        out.close("};");
        out.close();
    }

    private static void visit(EnumType type, JavaWriter out) {
        out.line("");
        Docs.visit(out);
        out.open("public static %s visit(InputVisitor visitor, @Nullable String name) {", type.name());
        out.line("String wireName = visitor.str(name);");
        out.line("%s value = fromWireName(wireName);", type.name());
        out.open("if (value == null) {");
        out.line("throw visitor.unknownEnumValue(name, wireName);");
        out.close();
        out.line("return value;");
        out.close();
    }
}
