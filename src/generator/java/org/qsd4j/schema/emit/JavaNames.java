package org.qsd4j.schema.emit;

import java.util.Locale;
import java.util.Set;
import org.qsd4j.schema.check.NameRules;
import org.qsd4j.schema.model.Schema;

/** Wire names to Java names. */
final class JavaNames {
    private static final Set<String> RESERVED = Set.of(
            "abstract",
            "assert",
            "boolean",
            "break",
            "byte",
            "case",
            "catch",
            "char",
            "class",
            "const",
            "continue",
            "default",
            "do",
            "double",
            "else",
            "enum",
            "extends",
            "false",
            "final",
            "finally",
            "float",
            "for",
            "goto",
            "if",
            "implements",
            "import",
            "instanceof",
            "int",
            "interface",
            "long",
            "native",
            "new",
            "null",
            "package",
            "private",
            "protected",
            "public",
            "return",
            "short",
            "static",
            "strictfp",
            "super",
            "switch",
            "synchronized",
            "this",
            "throw",
            "throws",
            "transient",
            "true",
            "try",
            "void",
            "volatile",
            "while",
            // What a record may not name a component, and what generated code itself names.
            "clone",
            "finalize",
            "getClass",
            "hashCode",
            "notify",
            "notifyAll",
            "toString",
            "wait",
            "base",
            "u",
            "visitor",
            "name_",
            "json",
            "builder",
            "build",
            "toJson",
            "visit");

    private JavaNames() {}

    /** {@code null-co}: {@code NullCo}; a leading digit gets an underscore. */
    static String type(String wireName) {
        StringBuilder result = new StringBuilder();
        boolean upper = true;
        for (int i = 0; i < wireName.length(); i++) {
            char c = wireName.charAt(i);
            if (c == '-' || c == '_' || c == '.') {
                upper = true;
            } else {
                result.append(upper ? Character.toUpperCase(c) : c);
                upper = false;
            }
        }
        return Character.isDigit(result.charAt(0)) ? "_" + result : result.toString();
    }

    /** The record of a branch: like a type, with an underscore where that would hide another type. */
    static String branch(String wireName, Schema schema) {
        String name = type(wireName);
        return NameRules.isTaken(name) || schema.type(name).isPresent() ? name + "_" : name;
    }

    /** {@code node-name}: {@code nodeName}; what Java reserves gets an underscore behind it. */
    static String member(String wireName) {
        String type = type(wireName);
        String name = Character.toLowerCase(type.charAt(0)) + type.substring(1);
        return RESERVED.contains(name) ? name + "_" : name;
    }

    /** {@code null-co}: {@code NULL_CO}. */
    static String constant(String wireName) {
        String name = wireName.toUpperCase(Locale.ROOT).replace('-', '_').replace('.', '_');
        return Character.isDigit(name.charAt(0)) ? "_" + name : name;
    }

    /** {@code BLOCK_EXPORT_DELETED}: {@code blockExportDeleted}. */
    static String event(String wireName) {
        return member(wireName.toLowerCase(Locale.ROOT));
    }

    /** The interface of a module's commands: {@code block-core}: {@code BlockCoreCommands}. */
    static String commands(String module) {
        return type(module) + "Commands";
    }
}
