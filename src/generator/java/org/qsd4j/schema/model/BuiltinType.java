package org.qsd4j.schema.model;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The types that the language brings, with their JSON type as introspection names it. */
public enum BuiltinType {
    STR("str", "string"),
    NUMBER("number", "number"),
    INT("int", "int"),
    INT8("int8", "int"),
    INT16("int16", "int"),
    INT32("int32", "int"),
    INT64("int64", "int"),
    UINT8("uint8", "int"),
    UINT16("uint16", "int"),
    UINT32("uint32", "int"),
    UINT64("uint64", "int"),
    SIZE("size", "int"),
    BOOL("bool", "boolean"),
    ANY("any", "value"),
    NULL("null", "null");

    private static final Map<String, BuiltinType> BY_NAME =
            Stream.of(values()).collect(Collectors.toMap(BuiltinType::schemaName, Function.identity()));

    private final String schemaName;
    private final String jsonType;

    BuiltinType(String schemaName, String jsonType) {
        this.schemaName = schemaName;
        this.jsonType = jsonType;
    }

    public static Optional<BuiltinType> find(String name) {
        return Optional.ofNullable(BY_NAME.get(name));
    }

    public String schemaName() {
        return schemaName;
    }

    public String jsonType() {
        return jsonType;
    }
}
