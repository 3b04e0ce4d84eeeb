package org.qsd4j.schema.emit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.qsd4j.schema.model.Branch;
import org.qsd4j.schema.model.BuiltinType;
import org.qsd4j.schema.model.Definition;
import org.qsd4j.schema.model.Definition.AlternateType;
import org.qsd4j.schema.model.Definition.Command;
import org.qsd4j.schema.model.Definition.EnumType;
import org.qsd4j.schema.model.Definition.Event;
import org.qsd4j.schema.model.Definition.UnionType;
import org.qsd4j.schema.model.EnumMember;
import org.qsd4j.schema.model.Feature;
import org.qsd4j.schema.model.Member;
import org.qsd4j.schema.model.Schema;
import org.qsd4j.schema.model.SchemaModule;
import org.qsd4j.schema.model.TypeRef;

/**
 * The data of query-qmp-schema: commands and events in the schema's order, then the types in the order in which they
 * are first used. Names of types are no part of the interface and are masked by numbers, given at first use.
 */
final class Introspection {
    private static final String EMPTY = "q_empty";

    private final Schema schema;
    private final Map<String, String> masks = new HashMap<>();
    private final Set<Pending> known = new LinkedHashSet<>();
    private final List<Pending> queue = new ArrayList<>();
    private final List<String> entries = new ArrayList<>();

    /** A type yet to be described: a reference, or the arguments of a command or event, which have no name. */
    private record Pending(TypeRef type, List<Member> anonymous) {}

    private Introspection(Schema schema) {
        this.schema = schema;
    }

    /** The entries, each a JSON object. */
    static List<String> entries(Schema schema) {
        return new Introspection(schema).build();
    }

    private List<String> build() {
        for (SchemaModule module : schema.modules()) {
            for (var definition : module.definitions()) {
                if (definition instanceof Command command) {
                    command(command);
                } else if (definition instanceof Event event) {
                    event(event);
                }
            }
        }
        for (int i = 0; i < queue.size(); i++) {
            describe(queue.get(i));
        }
        return entries;
    }

    private void command(Command command) {
        String argType = argumentType(command.name(), command.data(), command.members());
        String retType = command.returns().map(this::use).orElseGet(() -> use(new TypeRef(EMPTY, false)));
        entries.add("{\"name\": " + quote(command.name()) + ", \"meta-type\": \"command\", \"arg-type\": "
                + quote(argType) + ", \"ret-type\": " + quote(retType)
                + (command.allowOob() ? ", \"allow-oob\": true" : "") + features(command.features()) + "}");
    }

    private void event(Event event) {
        String argType = argumentType(event.name(), event.data(), event.members());
        entries.add("{\"name\": " + quote(event.name()) + ", \"meta-type\": \"event\", \"arg-type\": " + quote(argType)
                + features(event.features()) + "}");
    }

    private String argumentType(String name, Optional<String> data, List<Member> members) {
        if (data.isPresent()) {
            return use(new TypeRef(data.get(), false));
        }
        if (members.isEmpty()) {
            return use(new TypeRef(EMPTY, false));
        }
        TypeRef type = new TypeRef("q_obj_" + name + "-arg", false);
        enqueue(new Pending(type, members));
        return mask(type.name());
    }

    private String use(TypeRef type) {
        Optional<BuiltinType> builtin = BuiltinType.find(type.name());
        TypeRef canonical = new TypeRef(builtin.map(Introspection::canonical).orElse(type.name()), type.array());
        enqueue(new Pending(canonical, List.of()));
        TypeRef element = new TypeRef(canonical.name(), false);
        if (type.array()) {
            return "[" + use(element) + "]";
        }
        return builtin.isPresent() ? canonical.name() : mask(canonical.name());
    }

    /** Introspection doesn't tell the sizes of integers. */
    private static String canonical(BuiltinType type) {
        return type.jsonType().equals("int") ? "int" : type.schemaName();
    }

    private void enqueue(Pending pending) {
        if (known.add(pending)) {
            queue.add(pending);
        }
    }

    private String mask(String name) {
        String mask = masks.get(name);
        if (mask == null) {
            mask = Integer.toString(masks.size());
            masks.put(name, mask);
        }
        return mask;
    }

    private void describe(Pending pending) {
        TypeRef type = pending.type();
        if (type.array()) {
            String element = use(new TypeRef(type.name(), false));
            entries.add(entry("[" + element + "]", "array") + ", \"element-type\": " + quote(element) + "}");
            return;
        }
        Optional<BuiltinType> builtin = BuiltinType.find(type.name());
        if (builtin.isPresent()) {
            entries.add(entry(type.name(), "builtin") + ", \"json-type\": "
                    + quote(builtin.get().jsonType()) + "}");
            return;
        }
        String name = mask(type.name());
        Optional<Definition.Type> definition = schema.type(type.name());
        if (definition.isEmpty()) {
            entries.add(entry(name, "object") + members(pending.anonymous()) + "}");
        } else {
            entries.add(describe(name, definition.get()));
        }
    }

    private String describe(String name, Definition.Type type) {
        if (type instanceof EnumType enumType) {
            return entry(name, "enum") + ", \"members\": "
                    + list(enumType.members().stream().map(this::enumMember).toList()) + ", \"values\": "
                    + list(enumType.members().stream()
                            .map(EnumMember::name)
                            .map(Introspection::quote)
                            .toList())
                    + features(type.features()) + "}";
        }
        if (type instanceof AlternateType alternate) {
            return entry(name, "alternate") + ", \"members\": "
                    + list(alternate.branches().stream()
                            .map(branch -> "{\"type\": " + quote(use(branch.type())) + "}")
                            .toList())
                    + features(type.features()) + "}";
        }
        String members = members(schema.allMembers(type));
        String variants = type instanceof UnionType union ? variants(union) : "";
        return entry(name, "object") + members + variants + features(type.features()) + "}";
    }

    private String members(List<Member> members) {
        return ", \"members\": " + list(members.stream().map(this::member).toList());
    }

    private String member(Member member) {
        return "{\"name\": " + quote(member.name()) + ", \"type\": " + quote(use(member.type()))
                + (member.optional() ? ", \"default\": null" : "") + features(member.features()) + "}";
    }

    private String enumMember(EnumMember member) {
        return "{\"name\": " + quote(member.name()) + features(member.features()) + "}";
    }

    /** The branches, then the discriminator's other values with an empty type. */
    private String variants(UnionType union) {
        List<String> variants = new ArrayList<>();
        Set<String> cases = union.branches().stream().map(Branch::name).collect(Collectors.toSet());
        for (Branch branch : union.branches()) {
            variants.add("{\"case\": " + quote(branch.name()) + ", \"type\": " + quote(use(branch.type())) + "}");
        }
        for (EnumMember value : schema.discriminator(union).members()) {
            if (!cases.contains(value.name())) {
                variants.add("{\"case\": " + quote(value.name()) + ", \"type\": "
                        + quote(use(new TypeRef(EMPTY, false))) + "}");
            }
        }
        return ", \"tag\": " + quote(union.discriminator()) + ", \"variants\": " + list(variants);
    }

    private static String features(List<Feature> features) {
        return features.isEmpty()
                ? ""
                : ", \"features\": "
                        + list(features.stream()
                                .map(Feature::name)
                                .map(Introspection::quote)
                                .toList());
    }

    private static String entry(String name, String metaType) {
        return "{\"name\": " + quote(name) + ", \"meta-type\": " + quote(metaType);
    }

    private static String list(List<String> elements) {
        return "[" + String.join(", ", elements) + "]";
    }

    private static String quote(String text) {
        return "\"" + text + "\"";
    }
}
