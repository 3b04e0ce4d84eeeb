package org.qsd4j.schema.check;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.qsd4j.schema.model.Branch;
import org.qsd4j.schema.model.BuiltinType;
import org.qsd4j.schema.model.Definition;
import org.qsd4j.schema.model.Definition.AlternateType;
import org.qsd4j.schema.model.Definition.Command;
import org.qsd4j.schema.model.Definition.EnumType;
import org.qsd4j.schema.model.Definition.Event;
import org.qsd4j.schema.model.Definition.StructType;
import org.qsd4j.schema.model.Definition.UnionType;
import org.qsd4j.schema.model.Member;
import org.qsd4j.schema.model.Schema;
import org.qsd4j.schema.model.TypeRef;
import org.qsd4j.schema.parse.SchemaException;

/** Checks how definitions fit together: what they refer to exists and is of the right kind, and nothing clashes. */
final class ReferenceChecker {
    private final Schema schema;

    ReferenceChecker(Schema schema) {
        this.schema = schema;
    }

    void check(Definition definition) {
        if (definition instanceof StructType struct) {
            checkStruct(struct);
        } else if (definition instanceof UnionType union) {
            checkUnion(union);
        } else if (definition instanceof AlternateType alternate) {
            checkAlternate(alternate);
        } else if (definition instanceof Command command) {
            checkData(command, command.data(), command.members(), command.boxed());
            command.returns().ifPresent(type -> requireType(command, type));
        } else if (definition instanceof Event event) {
            checkData(event, event.data(), event.members(), event.boxed());
        }
    }

    private void checkStruct(StructType struct) {
        Set<String> chain = new HashSet<>();
        Optional<String> base = Optional.of(struct.name());
        while (base.isPresent()) {
            if (!chain.add(base.get())) {
                throw error(struct, "is its own base");
            }
            base = requireStruct(struct, base.get(), "base").base();
        }
        checkMembers(struct, schema.allMembers(struct));
    }

    private void checkUnion(UnionType union) {
        checkStruct(requireStruct(union, union.base(), "base"));
        List<Member> base = schema.allMembers(union);
        Member discriminator = base.stream()
                .filter(member -> member.name().equals(union.discriminator()))
                .findFirst()
                .orElseThrow(() -> error(union, "discriminator '" + union.discriminator() + "' is not in the base"));
        if (discriminator.optional()) {
            throw error(union, "discriminator '" + discriminator.name() + "' must not be optional");
        }
        if (discriminator.type().array()
                || !(schema.types().get(discriminator.type().name()) instanceof EnumType type)) {
            throw error(union, "discriminator '" + discriminator.name() + "' must be of an enum type");
        }
        for (Branch branch : union.branches()) {
            checkBranch(union, type, branch, base);
        }
    }

    private void checkBranch(UnionType union, EnumType type, Branch branch, List<Member> base) {
        if (!type.has(branch.name())) {
            throw error(union, "branch '" + branch.name() + "' is not a value of '" + type.name() + "'");
        }
        Set<String> names = new HashSet<>();
        base.forEach(member -> names.add(NameRules.clashKey(member.name())));
        StructType struct = requireStruct(union, branch.type().name(), "branch '" + branch.name() + "'");
        if (branch.type().array()) {
            throw error(union, "branch '" + branch.name() + "' must not be an array");
        }
        checkStruct(struct);
        for (Member member : schema.allMembers(struct)) {
            if (!names.add(NameRules.clashKey(member.name()))) {
                throw error(
                        union, "member '" + member.name() + "' of branch '" + branch.name() + "' is in the base too");
            }
        }
    }

    private void checkAlternate(AlternateType alternate) {
        Map<String, String> taken = new HashMap<>();
        for (Branch branch : alternate.branches()) {
            requireType(alternate, branch.type());
            String json = jsonType(alternate, branch);
            String other = taken.put(json, branch.name());
            if (other != null) {
                throw error(
                        alternate, "branch '" + branch.name() + "' can't be told from '" + other + "': both " + json);
            }
        }
        // On the command line every scalar is a string, so that a string branch would hide the others.
        if (taken.containsKey("string") && (taken.containsKey("boolean") || taken.containsKey("number"))) {
            throw error(alternate, "a string and a boolean or number branch can't be told apart on a command line");
        }
    }

    private String jsonType(AlternateType alternate, Branch branch) {
        if (branch.type().array()) {
            return "array";
        }
        Optional<BuiltinType> builtin = BuiltinType.find(branch.type().name());
        if (builtin.isPresent()) {
            return switch (builtin.get()) {
                case STR -> "string";
                case BOOL -> "boolean";
                case NULL -> "null";
                case ANY -> throw error(alternate, "branch '" + branch.name() + "' can't be of type 'any'");
                default -> "number";
            };
        }
        Definition.Type type = schema.types().get(branch.type().name());
        if (type instanceof AlternateType) {
            throw error(alternate, "branch '" + branch.name() + "' can't be an alternate itself");
        }
        return type instanceof EnumType ? "string" : "object";
    }

    private void checkData(Definition definition, Optional<String> data, List<Member> members, boolean boxed) {
        if (boxed && data.isEmpty()) {
            throw error(definition, "'boxed' needs a type name in 'data'");
        }
        if (data.isPresent() && !boxed) {
            checkStruct(requireStruct(definition, data.get(), "data"));
        } else if (data.isPresent()) {
            Definition.Type type = schema.types().get(data.get());
            if (!(type instanceof StructType || type instanceof UnionType)) {
                throw error(definition, "data '" + data.get() + "' must be a struct or a union");
            }
        }
        checkMembers(definition, members);
    }

    private void checkMembers(Definition definition, List<Member> members) {
        Set<String> names = new HashSet<>();
        for (Member member : members) {
            requireType(definition, member.type());
            if (!names.add(NameRules.clashKey(member.name()))) {
                throw error(definition, "member '" + member.name() + "' is in the base too");
            }
        }
    }

    private void requireType(Definition user, TypeRef type) {
        if (BuiltinType.find(type.name()).isEmpty() && !schema.types().containsKey(type.name())) {
            throw error(user, "unknown type '" + type.name() + "'");
        }
    }

    private StructType requireStruct(Definition user, String name, String role) {
        if (schema.types().get(name) instanceof StructType struct) {
            return struct;
        }
        throw error(
                user,
                BuiltinType.find(name).isPresent() || schema.types().containsKey(name)
                        ? role + " '" + name + "' must be a struct"
                        : role + " refers to unknown type '" + name + "'");
    }

    private static SchemaException error(Definition definition, String message) {
        return new SchemaException(definition.position(), "'" + definition.name() + "': " + message);
    }
}
