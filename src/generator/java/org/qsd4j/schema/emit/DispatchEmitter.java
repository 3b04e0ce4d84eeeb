package org.qsd4j.schema.emit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.qsd4j.schema.model.Definition.Command;
import org.qsd4j.schema.model.Feature;
import org.qsd4j.schema.model.Member;
import org.qsd4j.schema.model.Schema;
import org.qsd4j.schema.model.SchemaModule;
import org.qsd4j.schema.model.TypeRef;

/**
 * The way from a command's name and JSON arguments to the typed interfaces and back. Switches on strings and numbers:
 * no map of lambdas has to be built before the first command.
 */
final class DispatchEmitter {
    private static final String CLASS = "QmpDispatchTable";

    private final Schema schema;
    private final List<SchemaModule> modules;
    private final List<Command> commands = new ArrayList<>();
    private final JavaWriter out = new JavaWriter();
    private final MemberEmitter members = new MemberEmitter(out);

    private DispatchEmitter(Schema schema) {
        this.schema = schema;
        this.modules = schema.modules().stream()
                .filter(module -> !module.commands().isEmpty())
                .toList();
        modules.forEach(module -> commands.addAll(module.commands()));
    }

    static String emit(Schema schema) {
        return new DispatchEmitter(schema).emit();
    }

    private String emit() {
        out.imports(
                "com.fasterxml.jackson.databind.JsonNode",
                "com.fasterxml.jackson.databind.node.ObjectNode",
                "java.util.List",
                "org.jspecify.annotations.Nullable",
                "org.qsd4j.qapi.InputVisitor",
                "org.qsd4j.qapi.JsonInputVisitor",
                "org.qsd4j.qapi.QapiJson");
        Javadoc.of("Finds a QMP command by its name and calls it: reads its arguments, makes the typed call, writes "
                        + "the result.")
                .write(out);
        out.imports("org.qsd4j.aio.MainThread");
        out.line("@MainThread");
        out.open("public final class %s {", CLASS);
        constructor();
        find();
        names();
        call();
        for (SchemaModule module : modules) {
            module.commands().forEach(command -> command(module, command));
        }
        listMethods();
        entry();
        out.close();
        return out.source();
    }

    private static String field(SchemaModule module) {
        return JavaNames.member(module.name());
    }

    private void constructor() {
        for (SchemaModule module : modules) {
            out.line("private final %s %s;", JavaNames.commands(module.name()), field(module));
        }
        out.line("");
        Javadoc doc = Javadoc.of("Makes the table over the implementations.");
        modules.forEach(module -> doc.param(field(module), "the commands of module `" + module.name() + "`"));
        doc.write(out);
        out.open(
                "public %s(%s) {",
                CLASS,
                modules.stream()
                        .map(module -> JavaNames.commands(module.name()) + " " + field(module))
                        .collect(Collectors.joining(", ")));
        modules.forEach(module -> out.line("this.%1$s = %1$s;", field(module)));
        out.close();
    }

    private void find() {
        out.line("");
        Javadoc.of("Finds a command.")
                .param("name", "the command's name as the client writes it")
                .tag("@return the command, or null if there is none of that name")
                .write(out);
        out.open("public @Nullable Entry find(String name) {");
        out.open("return switch (name) {");
        for (int i = 0; i < commands.size(); i++) {
            Command command = commands.get(i);
            String features = command.features().stream()
                    .map(Feature::name)
                    .map(TypeMapper::literal)
                    .collect(Collectors.joining(", "));
            out.line(
                    "case %s -> new Entry(%d, name, %b, List.of(%s));",
                    TypeMapper.literal(command.name()), i, command.allowOob(), features);
        }
        out.line("default -> null;");
        out.close("};");
        out.close();
    }

    private void names() {
        out.line("");
        Javadoc.of("The names of all commands.")
                .tag("@return the names in the schema's order")
                .write(out);
        out.open("public static List<String> names() {");
        out.open("return List.of(");
        for (int i = 0; i < commands.size(); i++) {
            out.line("%s%s", TypeMapper.literal(commands.get(i).name()), i + 1 < commands.size() ? "," : ");");
        }
        out.close("}");
    }

    private void call() {
        out.line("");
        out.open("private JsonNode call(int index, ObjectNode arguments) {");
        out.open("return switch (index) {");
        for (int i = 0; i < commands.size(); i++) {
            out.line("case %d -> %s(arguments);", i, method(commands.get(i)));
        }
        out.line("default -> throw new IllegalArgumentException(\"no command \" + index);");
        out.close("};");
        out.close();
    }

    private static String method(Command command) {
        return JavaNames.member(command.name());
    }

    private void command(SchemaModule module, Command command) {
        out.line("");
        out.open("private JsonNode %s(ObjectNode arguments) {", method(command));
        String target = "this." + field(module) + "." + method(command);
        out.line("InputVisitor visitor = new JsonInputVisitor(arguments);");
        String call = target + "(" + arguments(command) + ")";
        if (!command.generated()) {
            out.line("return %s;", call);
        } else if (command.returns().isPresent()) {
            out.line("return %s;", members.writeValue(command.returns().get(), call));
        } else {
            out.line("%s;", call);
            out.line("return QapiJson.object();");
        }
        out.close();
    }

    private String arguments(Command command) {
        if (command.boxed()) {
            out.line("%s arg = %1$s.visit(visitor, null);", command.data().orElseThrow());
            return "arg";
        }
        List<Member> list = CommandsEmitter.arguments(schema, command);
        out.line("visitor.startStruct(null);");
        members.read(list);
        out.line("visitor.checkStruct();");
        out.line("visitor.endStruct();");
        return MemberEmitter.names(list);
    }

    private void listMethods() {
        List<TypeRef> inputs = commands.stream()
                .flatMap(command -> CommandsEmitter.arguments(schema, command).stream())
                .map(Member::type)
                .toList();
        members.listMethods(inputs, true, false);
        List<TypeRef> outputs = modules.stream()
                .flatMap(module -> CommandsEmitter.resultTypes(module).stream())
                .toList();
        members.listMethods(outputs, false, true);
    }

    private void entry() {
        out.line("");
        Javadoc.of("One command of the table.").write(out);
        out.open("public final class Entry {");
        out.line("private final int index;");
        out.line("private final String name;");
        out.line("private final boolean allowOob;");
        out.line("private final List<String> features;");
        out.line("");
        out.open("private Entry(int index, String name, boolean allowOob, List<String> features) {");
        out.line("this.index = index;");
        out.line("this.name = name;");
        out.line("this.allowOob = allowOob;");
        out.line("this.features = features;");
        out.close();
        getter("String", "name", "The command's name.", "the wire name");
        getter("boolean", "allowOob", "Whether the command may be executed out of band.", "true if it may");
        getter("List<String>", "features", "The command's feature flags, such as `deprecated`.", "the flags");
        out.line("");
        Javadoc.of("Executes the command.")
                .param("arguments", "the arguments; an empty object if the client sent none")
                .tag("@return the result; an empty object if the command has none")
                .tag("@throws org.qsd4j.qapi.QapiException if the arguments don't fit or the command fails")
                .write(out);
        out.open("public JsonNode handle(ObjectNode arguments) {");
        out.line("return call(index, arguments);");
        out.close();
        out.close();
    }

    private void getter(String type, String name, String text, String returns) {
        out.line("");
        Javadoc.of(text).tag("@return " + returns).write(out);
        out.open("public %s %s() {", type, name);
        out.line("return %s;", name);
        out.close();
    }
}
