package org.qsd4j.schema.model;

import java.util.List;
import java.util.Optional;
import org.qsd4j.schema.parse.SourcePosition;

/** A definition of the schema. */
public sealed interface Definition {
    String name();

    DocText doc();

    List<Feature> features();

    SourcePosition position();

    /** A definition that members, arguments and results can refer to. */
    sealed interface Type extends Definition {}

    record EnumType(String name, List<EnumMember> members, List<Feature> features, DocText doc, SourcePosition position)
            implements Type {
        public boolean has(String value) {
            return members.stream().anyMatch(member -> member.name().equals(value));
        }
    }

    /** {@code members} are the own ones; those of {@code base} come before them. */
    record StructType(
            String name,
            Optional<String> base,
            List<Member> members,
            List<Feature> features,
            DocText doc,
            SourcePosition position)
            implements Type {}

    /** {@code base} names a struct, which the checker makes ({@code NameBase}) if the schema spells it out in place. */
    record UnionType(
            String name,
            String base,
            boolean inlineBase,
            String discriminator,
            List<Branch> branches,
            List<Feature> features,
            DocText doc,
            SourcePosition position)
            implements Type {}

    record AlternateType(
            String name, List<Branch> branches, List<Feature> features, DocText doc, SourcePosition position)
            implements Type {}

    /** Either {@code members} (arguments spelled out or a struct's) or, if {@code boxed}, one object of {@code data}. */
    record Command(
            String name,
            Optional<String> data,
            List<Member> members,
            boolean boxed,
            Optional<TypeRef> returns,
            boolean allowOob,
            boolean generated,
            List<Feature> features,
            DocText doc,
            SourcePosition position)
            implements Definition {}

    record Event(
            String name,
            Optional<String> data,
            List<Member> members,
            boolean boxed,
            List<Feature> features,
            DocText doc,
            SourcePosition position)
            implements Definition {}
}
