package org.qsd4j.schema.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.qsd4j.schema.model.Definition.StructType;
import org.qsd4j.schema.model.Definition.UnionType;

/** The whole schema: modules in the order in which the text first defines something in them. */
public record Schema(List<SchemaModule> modules, Map<String, Definition.Type> types) {
    public Optional<Definition.Type> type(String name) {
        return Optional.ofNullable(types.get(name));
    }

    public StructType struct(String name) {
        if (types.get(name) instanceof StructType struct) {
            return struct;
        }
        throw new IllegalArgumentException(name + " is not a struct");
    }

    /** The members that stand in every value of the type: the base's first. A union's branches are left out. */
    public List<Member> allMembers(Definition.Type type) {
        List<Member> result = new ArrayList<>();
        if (type instanceof StructType struct) {
            struct.base().ifPresent(base -> result.addAll(allMembers(struct(base))));
            result.addAll(struct.members());
        } else if (type instanceof UnionType union) {
            result.addAll(allMembers(struct(union.base())));
        }
        return result;
    }

    /** The enumeration that selects a union's branch. */
    public Definition.EnumType discriminator(UnionType union) {
        for (Member member : allMembers(union)) {
            if (member.name().equals(union.discriminator())
                    && types.get(member.type().name()) instanceof Definition.EnumType type) {
                return type;
            }
        }
        throw new IllegalArgumentException(union.name() + " has no discriminator");
    }
}
