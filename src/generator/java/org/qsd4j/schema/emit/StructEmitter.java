package org.qsd4j.schema.emit;

import java.util.List;
import org.qsd4j.schema.model.Definition.StructType;
import org.qsd4j.schema.model.Member;
import org.qsd4j.schema.model.Schema;

/** A struct: a record with the base's members first, and its builder. */
final class StructEmitter {
    private final StructType type;
    private final List<Member> members;
    private final JavaWriter out = new JavaWriter();
    private final MemberEmitter memberEmitter = new MemberEmitter(out);

    private StructEmitter(Schema schema, StructType type) {
        this.type = type;
        this.members = schema.allMembers(type);
    }

    static String emit(Schema schema, StructType type) {
        return new StructEmitter(schema, type).emit();
    }

    private String emit() {
        out.imports(
                "com.fasterxml.jackson.databind.node.ObjectNode",
                "org.jspecify.annotations.Nullable",
                "org.qsd4j.qapi.InputVisitor",
                "org.qsd4j.qapi.QapiJson");
        Javadoc doc = Javadoc.of(type.doc(), type.features());
        members.forEach(member -> doc.param(JavaNames.member(member.name()), text(member)));
        doc.write(out);
        out.open("public record %s(%s) {", type.name(), memberEmitter.parameters(members));
        copyLists();
        visit();
        toJson();
        out.line("");
        Javadoc.of("Starts a value with every member absent.")
                .tag("@return a new builder")
                .write(out);
        out.open("public static Builder builder() {");
        out.line("return new Builder();");
        out.close();
        memberEmitter.listMethods(MemberEmitter.types(members), true, true);
        builder();
        out.close();
        return out.source();
    }

    static String text(Member member) {
        StringBuilder text = new StringBuilder(member.doc());
        member.features()
                .forEach(feature -> text.append(" (feature `")
                        .append(feature.name())
                        .append("`: ")
                        .append(feature.doc())
                        .append(")"));
        return member.optional() ? text + "; null if absent" : text.toString();
    }

    private void copyLists() {
        List<Member> lists =
                members.stream().filter(member -> member.type().array()).toList();
        if (lists.isEmpty()) {
            return;
        }
        out.line("");
        Javadoc compact = Javadoc.of("Takes its own copy of every list.");
        members.forEach(member -> compact.param(JavaNames.member(member.name()), text(member)));
        compact.write(out);
        out.open("public %s {", type.name());
        for (Member member : lists) {
            String name = JavaNames.member(member.name());
            out.line(
                    member.optional() ? "%1$s = %1$s == null ? null : List.copyOf(%1$s);" : "%1$s = List.copyOf(%1$s);",
                    name);
        }
        out.close();
    }

    private void visit() {
        out.line("");
        Docs.visit(out);
        out.open("public static %s visit(InputVisitor visitor, @Nullable String name) {", type.name());
        out.line("visitor.startStruct(name);");
        out.line("%s value = visitMembers(visitor);", type.name());
        out.line("visitor.checkStruct();");
        out.line("visitor.endStruct();");
        out.line("return value;");
        out.close();
        out.line("");
        out.open("static %s visitMembers(InputVisitor visitor) {", type.name());
        memberEmitter.read(members);
        out.line("return new %s(%s);", type.name(), MemberEmitter.names(members));
        out.close();
    }

    private void toJson() {
        out.line("");
        Docs.toJson(out);
        out.open("public ObjectNode toJson() {");
        out.line("ObjectNode json = QapiJson.object();");
        out.line("putMembers(json);");
        out.line("return json;");
        out.close();
        out.line("");
        out.open("void putMembers(ObjectNode json) {");
        memberEmitter.write(members);
        out.close();
    }

    private void builder() {
        out.line("");
        Javadoc.of("Makes a value member by member.").write(out);
        out.open("public static final class Builder {");
        for (Member member : members) {
            out.line("private %s %s;", TypeMapper.nullable(member.type(), out), JavaNames.member(member.name()));
        }
        out.line("");
        out.line("private Builder() {}");
        for (Member member : members) {
            String name = JavaNames.member(member.name());
            out.line("");
            Javadoc.of("Sets `" + member.name() + "`.")
                    .param("value", text(member))
                    .tag("@return this builder")
                    .write(out);
            out.open("public Builder %s(%s value) {", name, memberEmitter.type(member));
            out.line("this.%s = value;", name);
            out.line("return this;");
            out.close();
        }
        build();
        out.close();
    }

    private void build() {
        out.line("");
        Javadoc.of("Makes the value.")
                .tag("@return the value")
                .tag("@throws IllegalStateException if a required member is absent")
                .write(out);
        out.open("public %s build() {", type.name());
        StringBuilder arguments = new StringBuilder();
        for (Member member : members) {
            String name = JavaNames.member(member.name());
            arguments
                    .append(arguments.isEmpty() ? "" : ", ")
                    .append(
                            member.optional()
                                    ? name
                                    : "QapiJson.required(" + name + ", " + TypeMapper.literal(member.name()) + ")");
        }
        out.line("return new %s(%s);", type.name(), arguments);
        out.close();
    }
}
