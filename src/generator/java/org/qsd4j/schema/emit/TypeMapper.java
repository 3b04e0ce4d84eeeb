package org.qsd4j.schema.emit;

import java.util.Optional;
import org.qsd4j.schema.model.BuiltinType;
import org.qsd4j.schema.model.TypeRef;

/** How schema types look in Java: their names, the visitor call that reads them, the expression that writes them. */
final class TypeMapper {
    private TypeMapper() {}

    /** The Java type of a required value. */
    static String java(TypeRef type, JavaWriter out) {
        if (type.array()) {
            out.imports("java.util.List");
            return "List<" + boxed(new TypeRef(type.name(), false), out) + ">";
        }
        Optional<BuiltinType> builtin = BuiltinType.find(type.name());
        if (builtin.isEmpty()) {
            return type.name();
        }
        return switch (builtin.get()) {
            case STR -> "String";
            case NUMBER -> "double";
            case INT8, INT16, INT32, UINT8, UINT16 -> "int";
            case INT, INT64, UINT32, UINT64, SIZE -> "long";
            case BOOL -> "boolean";
            case ANY -> {
                out.imports("com.fasterxml.jackson.databind.JsonNode");
                yield "JsonNode";
            }
            case NULL -> {
                out.imports("org.qsd4j.qapi.QNull");
                yield "QNull";
            }
        };
    }

    /** The Java type of a value that may be absent, or of a list's element. */
    static String boxed(TypeRef type, JavaWriter out) {
        String java = java(type, out);
        return switch (java) {
            case "int" -> "Integer";
            case "long" -> "Long";
            case "double" -> "Double";
            case "boolean" -> "Boolean";
            default -> java;
        };
    }

    static String nullable(TypeRef type, JavaWriter out) {
        out.imports("org.jspecify.annotations.Nullable");
        return "@Nullable " + boxed(type, out);
    }

    /** The expression that reads a value that is not an array; {@code name} is a Java expression. */
    static String read(TypeRef type, String name) {
        return BuiltinType.find(type.name())
                .map(builtin -> "visitor." + visitorMethod(builtin) + "(" + name + ")")
                .orElseGet(() -> type.name() + ".visit(visitor, " + name + ")");
    }

    private static String visitorMethod(BuiltinType type) {
        return switch (type) {
            case INT -> "int64";
            case NULL -> "qnull";
            case BOOL -> "bool";
            default -> type.schemaName();
        };
    }

    /** The expression of the JSON form of a value that is not an array. */
    static String toJson(TypeRef type, String value, JavaWriter out) {
        Optional<BuiltinType> builtin = BuiltinType.find(type.name());
        if (builtin.isEmpty()) {
            return value + ".toJson()";
        }
        if (builtin.get() == BuiltinType.ANY) {
            return value;
        }
        out.imports("org.qsd4j.qapi.QapiJson");
        return switch (builtin.get()) {
            case NULL -> "QapiJson.nullNode()";
            case UINT64, SIZE -> "QapiJson.unsigned(" + value + ")";
            default -> "QapiJson.node(" + value + ")";
        };
    }

    /** A Java string literal. */
    static String literal(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
