package org.qsd4j.schema.emit;

import java.util.ArrayList;
import java.util.List;
import org.qsd4j.schema.model.Definition.Event;
import org.qsd4j.schema.model.Member;
import org.qsd4j.schema.model.Schema;
import org.qsd4j.schema.model.SchemaModule;

/** The factories of all events. */
final class EventsEmitter {
    private EventsEmitter() {}

    static String emit(Schema schema) {
        JavaWriter out = new JavaWriter();
        MemberEmitter members = new MemberEmitter(out);
        out.imports("org.qsd4j.qapi.QapiEvent");
        Javadoc.of("Makes the events of the schema.").write(out);
        out.open("public final class QapiEvents {");
        out.line("private QapiEvents() {}");
        List<Member> all = new ArrayList<>();
        for (SchemaModule module : schema.modules()) {
            for (Event event : module.events()) {
                List<Member> data = data(schema, event);
                all.addAll(data);
                out.line("");
                factory(event, data, members, out);
            }
        }
        members.listMethods(MemberEmitter.types(all), false, true);
        out.close();
        return out.source();
    }

    private static List<Member> data(Schema schema, Event event) {
        if (event.boxed()) {
            return List.of();
        }
        return event.data().map(name -> schema.allMembers(schema.struct(name))).orElse(event.members());
    }

    private static void factory(Event event, List<Member> data, MemberEmitter members, JavaWriter out) {
        Javadoc doc = Javadoc.of(event.doc(), event.features());
        if (event.boxed()) {
            doc.param("arg", "the event's data");
        }
        data.forEach(member -> doc.param(JavaNames.member(member.name()), StructEmitter.text(member)));
        doc.tag("@return the event").write(out);
        String parameters = event.boxed() ? event.data().orElseThrow() + " arg" : members.parameters(data);
        out.open("public static QapiEvent %s(%s) {", JavaNames.event(event.name()), parameters);
        String name = TypeMapper.literal(event.name());
        if (event.boxed()) {
            out.line("return new QapiEvent(%s, arg.toJson());", name);
        } else if (data.isEmpty()) {
            out.line("return new QapiEvent(%s, null);", name);
        } else {
            out.imports("com.fasterxml.jackson.databind.node.ObjectNode", "org.qsd4j.qapi.QapiJson");
            out.line("ObjectNode json = QapiJson.object();");
            members.write(data);
            out.line("return new QapiEvent(%s, json);", name);
        }
        out.close();
    }
}
