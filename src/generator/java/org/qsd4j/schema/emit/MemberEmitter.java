package org.qsd4j.schema.emit;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.qsd4j.schema.model.Member;
import org.qsd4j.schema.model.TypeRef;

/** The code that reads and writes a list of members; shared by records, commands and events. */
final class MemberEmitter {
    private static final String VISITOR = "org.qsd4j.qapi.InputVisitor";

    private final JavaWriter out;

    MemberEmitter(JavaWriter out) {
        this.out = out;
    }

    String parameters(List<Member> members) {
        return members.stream()
                .map(member -> type(member) + " " + JavaNames.member(member.name()))
                .collect(Collectors.joining(", "));
    }

    String type(Member member) {
        return member.optional() ? TypeMapper.nullable(member.type(), out) : TypeMapper.java(member.type(), out);
    }

    static String names(List<Member> members) {
        return members.stream().map(member -> JavaNames.member(member.name())).collect(Collectors.joining(", "));
    }

    /** Local variables that hold the members, read from {@code visitor} in the schema's order. */
    void read(List<Member> members) {
        for (Member member : members) {
            String wireName = TypeMapper.literal(member.name());
            String variable = JavaNames.member(member.name());
            if (member.optional()) {
                out.line(
                        "%s %s = visitor.optional(%s) ? %s : null;",
                        TypeMapper.boxed(member.type(), out), variable, wireName, readValue(member.type(), wireName));
            } else {
                out.line(
                        "%s %s = %s;",
                        TypeMapper.java(member.type(), out), variable, readValue(member.type(), wireName));
            }
        }
    }

    String readValue(TypeRef type, String name) {
        return type.array() ? listMethod(type) + "(visitor, " + name + ")" : TypeMapper.read(type, name);
    }

    /** Statements that put the members into the object {@code json}. */
    void write(List<Member> members) {
        for (Member member : members) {
            String variable = JavaNames.member(member.name());
            String json = writeValue(member.type(), variable);
            String put = "json.set(" + TypeMapper.literal(member.name()) + ", " + json + ");";
            if (member.optional()) {
                out.open("if (%s != null) {", variable);
                out.line(put);
                out.close();
            } else {
                out.line(put);
            }
        }
    }

    String writeValue(TypeRef type, String value) {
        return type.array() ? listMethod(type) + "ToJson(" + value + ")" : TypeMapper.toJson(type, value, out);
    }

    /** The private methods for the arrays among the types, one pair an element type. */
    void listMethods(List<TypeRef> types, boolean read, boolean write) {
        Set<String> elements = new TreeSet<>();
        types.stream().filter(TypeRef::array).forEach(type -> elements.add(type.name()));
        for (String element : elements) {
            TypeRef type = new TypeRef(element, false);
            if (read) {
                readMethod(type);
            }
            if (write) {
                writeMethod(type);
            }
        }
    }

    private void readMethod(TypeRef element) {
        out.imports(VISITOR, "java.util.ArrayList", "java.util.List", "org.jspecify.annotations.Nullable");
        String java = TypeMapper.boxed(element, out);
        out.line("");
        out.open(
                "private static List<%s> %s(InputVisitor visitor, @Nullable String name) {", java, listMethod(element));
        out.line("visitor.startList(name);");
        out.line("List<%s> list = new ArrayList<>();", java);
        out.open("while (visitor.nextElement()) {");
        out.line("list.add(%s);", TypeMapper.read(element, "null"));
        out.close();
        out.line("visitor.endList();");
        out.line("return list;");
        out.close();
    }

    private void writeMethod(TypeRef element) {
        out.imports("java.util.List", "org.qsd4j.qapi.QapiJson", "com.fasterxml.jackson.databind.node.ArrayNode");
        String java = TypeMapper.boxed(element, out);
        out.line("");
        out.open("private static ArrayNode %sToJson(List<%s> list) {", listMethod(element), java);
        out.line("ArrayNode json = QapiJson.array();");
        out.open("for (%s element : list) {", java);
        out.line("json.add(%s);", TypeMapper.toJson(element, "element", out));
        out.close();
        out.line("return json;");
        out.close();
    }

    private static String listMethod(TypeRef type) {
        return "listOf" + JavaNames.type(type.name());
    }

    static List<TypeRef> types(List<Member> members) {
        return members.stream().map(Member::type).toList();
    }
}
