package org.qsd4j.schema.model;

/** A use of a type: by name, or {@code ['name']}. */
public record TypeRef(String name, boolean array) {
    @Override
    public String toString() {
        return array ? "['" + name + "']" : "'" + name + "'";
    }
}
