package org.qsd4j.schema.check;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.qsd4j.schema.parse.SchemaException;
import org.qsd4j.schema.parse.SourcePosition;
import org.qsd4j.schema.parse.Value;

/** The keys of one expression, read by type; errors say what they stand in. */
final class Fields {
    private final Value.Dict dict;
    private final String what;

    Fields(Value.Dict dict, String what) {
        this.dict = dict;
        this.what = what;
    }

    void allow(Set<String> required, Set<String> optional) {
        for (var entry : dict.members().entrySet()) {
            if (!required.contains(entry.getKey()) && !optional.contains(entry.getKey())) {
                throw error(entry.getValue().position(), "has unknown key '" + entry.getKey() + "'");
            }
        }
        for (String key : required) {
            if (!dict.members().containsKey(key)) {
                throw error(dict.position(), "misses key '" + key + "'");
            }
        }
    }

    Optional<Value> find(String key) {
        return Optional.ofNullable(dict.members().get(key));
    }

    Optional<String> text(String key) {
        return find(key).map(value -> asText(value, key));
    }

    boolean flag(String key, boolean absent) {
        Optional<Value> value = find(key);
        if (value.isEmpty()) {
            return absent;
        }
        if (value.get() instanceof Value.Bool bool) {
            return bool.value();
        }
        throw error(value.get().position(), "'" + key + "' must be true or false");
    }

    Value.Dict dict(String key) {
        if (dict.members().get(key) instanceof Value.Dict value) {
            return value;
        }
        throw error(find(key).map(Value::position).orElse(dict.position()), "'" + key + "' must be an object");
    }

    List<Value> array(String key) {
        Optional<Value> value = find(key);
        if (value.isEmpty()) {
            return List.of();
        }
        if (value.get() instanceof Value.Array array) {
            return array.elements();
        }
        throw error(value.get().position(), "'" + key + "' must be an array");
    }

    String asText(Value value, String key) {
        if (value instanceof Value.Text text) {
            return text.text();
        }
        throw error(value.position(), "'" + key + "' must be a string");
    }

    SchemaException error(SourcePosition position, String message) {
        return new SchemaException(position, what + ": " + message);
    }

    SourcePosition position() {
        return dict.position();
    }
}
