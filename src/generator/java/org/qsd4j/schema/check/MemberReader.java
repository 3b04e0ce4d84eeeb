package org.qsd4j.schema.check;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.qsd4j.schema.model.Branch;
import org.qsd4j.schema.model.EnumMember;
import org.qsd4j.schema.model.Feature;
import org.qsd4j.schema.model.Member;
import org.qsd4j.schema.model.TypeRef;
import org.qsd4j.schema.parse.Value;

/** Reads what stands inside a definition: members, branches, enumeration values, features. */
final class MemberReader {
    private final DocReader docs;
    private final Fields fields;
    private final String what;

    MemberReader(DocReader docs, Fields fields, String what) {
        this.docs = docs;
        this.fields = fields;
        this.what = what;
    }

    List<Member> members(Value.Dict dict) {
        List<Member> members = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        dict.members().forEach((key, value) -> {
            boolean optional = key.startsWith("*");
            String name = optional ? key.substring(1) : key;
            if (!NameRules.isMemberName(name)) {
                throw fields.error(value.position(), "member '" + name + "' has an invalid name");
            }
            if (!seen.add(NameRules.clashKey(name))) {
                throw fields.error(value.position(), "member '" + name + "' stands twice");
            }
            members.add(new Member(
                    name,
                    memberType(name, value),
                    optional,
                    memberFeatures(name, value),
                    docs.member(name, value.position())));
        });
        return members;
    }

    List<Branch> branches(Value.Dict dict, boolean documented) {
        List<Branch> branches = new ArrayList<>();
        dict.members().forEach((name, value) -> {
            if (!NameRules.isEnumValue(name)) {
                throw fields.error(value.position(), "branch '" + name + "' has an invalid name");
            }
            String doc = documented ? docs.member(name, value.position()) : "";
            branches.add(new Branch(name, memberType(name, value), doc));
        });
        if (branches.isEmpty()) {
            throw fields.error(dict.position(), "'data' has no branches");
        }
        return branches;
    }

    List<EnumMember> enumMembers(List<Value> values) {
        List<EnumMember> members = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Value value : values) {
            Value nameValue = value;
            List<Feature> features = List.of();
            if (value instanceof Value.Dict dict) {
                Fields inner = new Fields(dict, what);
                inner.allow(Set.of("name"), Set.of("features"));
                nameValue = inner.find("name").orElse(value);
                features = features(inner.array("features"));
            }
            String name = fields.asText(nameValue, "data");
            if (!NameRules.isEnumValue(name)) {
                throw fields.error(value.position(), "value '" + name + "' has an invalid name");
            }
            if (!seen.add(NameRules.clashKey(name))) {
                throw fields.error(value.position(), "value '" + name + "' stands twice");
            }
            members.add(new EnumMember(name, features, docs.member(name, value.position())));
        }
        return members;
    }

    /** Every feature of the definition itself; features of members are documented among them. */
    List<Feature> features(List<Value> values) {
        List<Feature> features = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Value value : values) {
            String name = fields.asText(value, "features");
            if (!NameRules.isMemberName(name)) {
                throw fields.error(value.position(), "feature '" + name + "' has an invalid name");
            }
            if (!seen.add(name)) {
                throw fields.error(value.position(), "feature '" + name + "' stands twice");
            }
            features.add(new Feature(name, docs.feature(name, value.position())));
        }
        return features;
    }

    private TypeRef memberType(String name, Value value) {
        if (value instanceof Value.Dict dict) {
            Fields inner = new Fields(dict, what);
            inner.allow(Set.of("type"), Set.of("features"));
            return typeRef(name, inner.find("type").orElse(value));
        }
        return typeRef(name, value);
    }

    private List<Feature> memberFeatures(String name, Value value) {
        return value instanceof Value.Dict dict
                ? features(new Fields(dict, what + " member '" + name + "'").array("features"))
                : List.of();
    }

    TypeRef typeRef(String name, Value value) {
        if (value instanceof Value.Text text) {
            return new TypeRef(text.text(), false);
        }
        if (value instanceof Value.Array array
                && array.elements().size() == 1
                && array.elements().get(0) instanceof Value.Text text) {
            return new TypeRef(text.text(), true);
        }
        throw fields.error(value.position(), "'" + name + "' must be a type name, or an array of one type name");
    }
}
