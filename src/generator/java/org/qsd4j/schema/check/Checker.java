package org.qsd4j.schema.check;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.qsd4j.schema.model.Definition;
import org.qsd4j.schema.model.Schema;
import org.qsd4j.schema.model.SchemaModule;
import org.qsd4j.schema.parse.Expression;
import org.qsd4j.schema.parse.SchemaException;

/** Makes the model of a schema's expressions, or says where the schema is wrong. */
public final class Checker {
    private Checker() {}

    public static Schema check(List<Expression> expressions) {
        Map<String, List<Definition>> modules = new LinkedHashMap<>();
        Map<String, Definition> byName = new LinkedHashMap<>();
        Map<String, Definition.Type> types = new LinkedHashMap<>();
        for (Expression expression : expressions) {
            for (Definition definition : DefinitionReader.read(expression)) {
                Definition earlier = byName.put(definition.name(), definition);
                if (earlier != null) {
                    throw new SchemaException(
                            definition.position(),
                            "'" + definition.name() + "' is already defined at " + earlier.position());
                }
                modules.computeIfAbsent(expression.module(), name -> new ArrayList<>())
                        .add(definition);
                if (definition instanceof Definition.Type type) {
                    types.put(type.name(), type);
                }
            }
        }
        List<SchemaModule> list = new ArrayList<>();
        modules.forEach((name, definitions) -> list.add(new SchemaModule(name, List.copyOf(definitions))));
        Schema schema = new Schema(List.copyOf(list), types);
        ReferenceChecker references = new ReferenceChecker(schema);
        byName.values().forEach(references::check);
        return schema;
    }
}
