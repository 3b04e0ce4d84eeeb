package org.qsd4j.schema.model;

import java.util.List;

/** The definitions of one schema file, in its order. */
public record SchemaModule(String name, List<Definition> definitions) {
    public List<Definition.Command> commands() {
        return definitions.stream()
                .filter(Definition.Command.class::isInstance)
                .map(Definition.Command.class::cast)
                .toList();
    }

    public List<Definition.Event> events() {
        return definitions.stream()
                .filter(Definition.Event.class::isInstance)
                .map(Definition.Event.class::cast)
                .toList();
    }
}
