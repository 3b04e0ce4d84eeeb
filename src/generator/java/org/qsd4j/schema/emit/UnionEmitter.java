package org.qsd4j.schema.emit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.qsd4j.schema.model.Branch;
import org.qsd4j.schema.model.Definition.EnumType;
import org.qsd4j.schema.model.Definition.UnionType;
import org.qsd4j.schema.model.EnumMember;
import org.qsd4j.schema.model.Member;
import org.qsd4j.schema.model.Schema;

/** A union: a sealed interface, a nested record a value of the discriminator. */
final class UnionEmitter {
    private final Schema schema;
    private final UnionType type;
    private final List<Member> baseMembers;
    private final EnumType tag;
    private final Map<String, Branch> branches = new LinkedHashMap<>();
    private final JavaWriter out = new JavaWriter();
    private final MemberEmitter members = new MemberEmitter(out);

    private UnionEmitter(Schema schema, UnionType type) {
        this.schema = schema;
        this.type = type;
        this.baseMembers = schema.allMembers(type);
        this.tag = schema.discriminator(type);
        type.branches().forEach(branch -> branches.put(branch.name(), branch));
    }

    static String emit(Schema schema, UnionType type) {
        return new UnionEmitter(schema, type).emit();
    }

    private String emit() {
        out.imports(
                "com.fasterxml.jackson.databind.node.ObjectNode",
                "org.jspecify.annotations.Nullable",
                "org.qsd4j.qapi.InputVisitor",
                "org.qsd4j.qapi.QapiJson");
        Javadoc.of(type.doc(), type.features()).write(out);
        out.open("public sealed interface %s {", type.name());
        Javadoc.of("The members that every branch has.").tag("@return the base").write(out);
        out.line("%s base();", type.base());
        for (Member member : baseMembers) {
            out.line("");
            Javadoc.of("The member `" + member.name() + "`: " + Javadoc.sentenceEnd(member.doc()))
                    .tag(member.optional() ? "@return the member, or null if absent" : "@return the member")
                    .write(out);
            out.open("default %s %s() {", members.type(member), JavaNames.member(member.name()));
            out.line("return base().%s();", JavaNames.member(member.name()));
            out.close();
        }
        visit();
        out.line("");
        Docs.toJson(out);
        out.line("ObjectNode toJson();");
        for (EnumMember value : tag.members()) {
            branch(value);
        }
        out.close();
        return out.source();
    }

    private void visit() {
        out.line("");
        Docs.visit(out);
        out.open("static %s visit(InputVisitor visitor, @Nullable String name) {", type.name());
        out.line("visitor.startStruct(name);");
        out.line("%1$s base = %1$s.visitMembers(visitor);", type.base());
        out.open("%s value = switch (base.%s()) {", type.name(), JavaNames.member(type.discriminator()));
        for (EnumMember value : tag.members()) {
            Branch branch = branches.get(value.name());
            out.line(
                    "case %s -> new %s(base%s);",
                    JavaNames.constant(value.name()),
                    JavaNames.branch(value.name(), schema),
                    branch == null ? "" : ", " + branch.type().name() + ".visitMembers(visitor)");
        }
        out.close("};");
        out.line("visitor.checkStruct();");
        out.line("visitor.endStruct();");
        out.line("return value;");
        out.close();
    }

    private void branch(EnumMember value) {
        Branch branch = branches.get(value.name());
        String name = JavaNames.branch(value.name(), schema);
        out.line("");
        Javadoc doc = Javadoc.of("The branch `" + value.name() + "`.").param("base", "the members of every branch");
        if (branch != null) {
            doc.param("u", "the members of this branch");
        }
        doc.write(out);
        out.open(
                "record %s(%s base%s) implements %s {",
                name, type.base(), branch == null ? "" : ", " + branch.type().name() + " u", type.name());
        Javadoc check = Javadoc.of("Checks that the discriminator selects this branch.")
                .param("base", "the members of every branch");
        if (branch != null) {
            check.param("u", "the members of this branch");
        }
        check.write(out);
        out.open("public %s {", name);
        out.line(
                "QapiJson.requireBranch(base.%s() == %s.%s);",
                JavaNames.member(type.discriminator()), tag.name(), JavaNames.constant(value.name()));
        out.close();
        out.line("");
        out.line("@Override");
        out.open("public ObjectNode toJson() {");
        out.line("ObjectNode json = base.toJson();");
        if (branch != null) {
            out.line("u.putMembers(json);");
        }
        out.line("return json;");
        out.close();
        out.close();
    }
}
