package org.qsd4j.schema.emit;

import java.util.List;
import org.qsd4j.schema.model.Definition.Command;
import org.qsd4j.schema.model.Member;
import org.qsd4j.schema.model.Schema;
import org.qsd4j.schema.model.SchemaModule;
import org.qsd4j.schema.model.TypeRef;

/** The interface of one module's commands, with checked and typed arguments. */
final class CommandsEmitter {
    private CommandsEmitter() {}

    static String emit(Schema schema, SchemaModule module) {
        JavaWriter out = new JavaWriter();
        MemberEmitter members = new MemberEmitter(out);
        Javadoc.of("The commands of the schema module `" + module.name() + "`. Called on the main loop.")
                .write(out);
        out.imports("org.qsd4j.aio.MainThread");
        out.line("@MainThread");
        out.open("public interface %s {", JavaNames.commands(module.name()));
        boolean first = true;
        for (Command command : module.commands()) {
            if (!first) {
                out.line("");
            }
            first = false;
            List<Member> arguments = arguments(schema, command);
            javadoc(command, arguments).write(out);
            out.line(
                    "%s %s(%s);",
                    returnType(command, out),
                    JavaNames.member(command.name()),
                    parameters(command, arguments, members));
        }
        out.close();
        return out.source();
    }

    /** The arguments one by one; none if the command is boxed. */
    static List<Member> arguments(Schema schema, Command command) {
        if (command.boxed()) {
            return List.of();
        }
        return command.data()
                .map(name -> schema.allMembers(schema.struct(name)))
                .orElse(command.members());
    }

    private static String parameters(Command command, List<Member> arguments, MemberEmitter members) {
        return command.boxed() ? command.data().orElseThrow() + " arg" : members.parameters(arguments);
    }

    private static String returnType(Command command, JavaWriter out) {
        if (!command.generated()) {
            out.imports("com.fasterxml.jackson.databind.JsonNode");
            return "JsonNode";
        }
        return command.returns().map(type -> TypeMapper.java(type, out)).orElse("void");
    }

    private static Javadoc javadoc(Command command, List<Member> arguments) {
        Javadoc doc = Javadoc.of(command.doc(), command.features());
        if (command.boxed()) {
            doc.param("arg", "the arguments");
        } else {
            arguments.forEach(member -> doc.param(JavaNames.member(member.name()), StructEmitter.text(member)));
        }
        if (command.returns().isPresent()) {
            doc.tag("@return " + Javadoc.markup(command.doc().returns().orElse("the result")));
        }
        doc.tag("@throws org.qsd4j.qapi.QapiException "
                + Javadoc.markup(command.doc().errors().orElse("if the command fails")));
        return doc;
    }

    static List<TypeRef> resultTypes(SchemaModule module) {
        return module.commands().stream()
                .filter(Command::generated)
                .flatMap(command -> command.returns().stream())
                .toList();
    }
}
