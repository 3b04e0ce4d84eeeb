package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares two results of query-qmp-schema by structure, since the names of types mean nothing. Ours may lack whole
 * commands, events, values of enumerations and variants, which is noted as missing; a member that is lacking or
 * different is a difference.
 */
final class IntrospectionComparison {
    private final Map<String, JsonNode> ours;
    private final Map<String, JsonNode> real;
    private final Set<String> compared = new HashSet<>();
    private final List<String> differences = new ArrayList<>();
    private final List<String> missing = new ArrayList<>();

    IntrospectionComparison(JsonNode ours, JsonNode real) {
        this.ours = byName(ours);
        this.real = byName(real);
    }

    private static Map<String, JsonNode> byName(JsonNode entries) {
        Map<String, JsonNode> result = new LinkedHashMap<>();
        entries.forEach(entry -> result.put(entry.get("name").asText(), entry));
        return result;
    }

    private static JsonNode get(Map<String, JsonNode> entries, String name) {
        return entries.getOrDefault(name, MissingNode.getInstance());
    }

    List<String> differences() {
        return differences;
    }

    List<String> missing() {
        return missing;
    }

    void run() {
        for (JsonNode entry : real.values()) {
            String name = entry.get("name").asText();
            String kind = entry.get("meta-type").asText();
            if ((kind.equals("command") || kind.equals("event")) && !ours.containsKey(name)) {
                missing.add(kind + " " + name);
            }
        }
        for (JsonNode entry : ours.values()) {
            String kind = entry.get("meta-type").asText();
            if (kind.equals("command") || kind.equals("event")) {
                entry(
                        entry.get("name").asText(),
                        entry,
                        get(real, entry.get("name").asText()));
            }
        }
    }

    private void entry(String path, JsonNode our, JsonNode their) {
        if (their.isMissingNode()) {
            differences.add(path + ": is not in the real one");
            return;
        }
        same(path, our, their, "meta-type");
        same(path, our, their, "allow-oob");
        same(path, our, their, "features");
        type(
                path + " arguments",
                our.get("arg-type").asText(),
                their.get("arg-type").asText());
        if (our.has("ret-type")) {
            type(
                    path + " result",
                    our.get("ret-type").asText(),
                    their.get("ret-type").asText());
        }
    }

    private void type(String path, String ourName, String theirName) {
        if (!compared.add(ourName + "=" + theirName)) {
            return;
        }
        JsonNode our = get(ours, ourName);
        JsonNode their = get(real, theirName);
        if (!same(path, our, their, "meta-type")) {
            return;
        }
        same(path, our, their, "features");
        switch (our.get("meta-type").asText()) {
            case "builtin" -> same(path, our, their, "name");
            case "array" ->
                type(
                        path + "[]",
                        our.get("element-type").asText(),
                        their.get("element-type").asText());
            case "enum" -> enumeration(path, our, their);
            case "alternate" -> alternate(path, our, their);
            default -> object(path, our, their);
        }
    }

    private void enumeration(String path, JsonNode our, JsonNode their) {
        Map<String, JsonNode> ourValues = byName(our.get("members"));
        Map<String, JsonNode> theirValues = byName(their.get("members"));
        List<String> common = new ArrayList<>(theirValues.keySet());
        common.retainAll(ourValues.keySet());
        if (!common.equals(List.copyOf(ourValues.keySet()))) {
            differences.add(path + ": values " + ourValues.keySet() + ", really " + theirValues.keySet());
        }
        common.forEach(value -> same(path + " " + value, get(ourValues, value), get(theirValues, value), "features"));
        theirValues.keySet().removeAll(ourValues.keySet());
        theirValues.keySet().forEach(value -> missing.add(path + ": value " + value));
    }

    private void alternate(String path, JsonNode our, JsonNode their) {
        JsonNode ourMembers = our.get("members");
        JsonNode theirMembers = their.get("members");
        if (ourMembers.size() != theirMembers.size()) {
            differences.add(path + ": another number of alternatives");
            return;
        }
        for (int i = 0; i < ourMembers.size(); i++) {
            type(
                    path + " alternative " + i,
                    ourMembers.get(i).get("type").asText(),
                    theirMembers.get(i).get("type").asText());
        }
    }

    private void object(String path, JsonNode our, JsonNode their) {
        Map<String, JsonNode> ourMembers = byName(our.get("members"));
        Map<String, JsonNode> theirMembers = byName(their.get("members"));
        List<String> common = new ArrayList<>(theirMembers.keySet());
        common.retainAll(ourMembers.keySet());
        if (!common.equals(List.copyOf(ourMembers.keySet()))) {
            differences.add(path + ": members " + ourMembers.keySet() + ", really " + theirMembers.keySet());
        }
        theirMembers.keySet().stream()
                .filter(name -> !ourMembers.containsKey(name))
                .forEach(name -> differences.add(path + ": lacks " + name));
        ourMembers.keySet().retainAll(theirMembers.keySet());
        ourMembers.forEach((name, member) -> {
            JsonNode theirMember = get(theirMembers, name);
            same(path + "." + name, member, theirMember, "default");
            same(path + "." + name, member, theirMember, "features");
            type(
                    path + "." + name,
                    member.get("type").asText(),
                    theirMember.get("type").asText());
        });
        same(path, our, their, "tag");
        if (our.has("variants")) {
            variants(path, our.get("variants"), their.get("variants"));
        }
    }

    private void variants(String path, JsonNode our, JsonNode their) {
        Map<String, String> theirs = new HashMap<>();
        their.forEach(variant ->
                theirs.put(variant.get("case").asText(), variant.get("type").asText()));
        our.forEach(variant -> {
            String name = variant.get("case").asText();
            String theirType = theirs.remove(name);
            if (theirType == null) {
                differences.add(path + ": variant " + name + " is not in the real one");
            } else {
                type(path + "/" + name, variant.get("type").asText(), theirType);
            }
        });
    }

    private boolean same(String path, JsonNode our, JsonNode their, String key) {
        JsonNode ourValue = our.path(key);
        JsonNode theirValue = their.path(key);
        if (ourValue.equals(theirValue)) {
            return true;
        }
        differences.add(path + ": " + key + " " + ourValue + ", really " + theirValue);
        return false;
    }
}
