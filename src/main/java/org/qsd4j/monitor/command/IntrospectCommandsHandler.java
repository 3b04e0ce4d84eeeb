package org.qsd4j.monitor.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.qsd4j.qapi.InputVisitor;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.IntrospectCommands;
import org.qsd4j.qapi.gen.QmpIntrospection;
import org.qsd4j.qapi.json.JsonParser;

/** The commands of module {@code introspect}. */
public final class IntrospectCommandsHandler implements IntrospectCommands {
    /** A client asks once, if at all: the tree is made then, and not kept. */
    @Override
    public JsonNode queryQmpSchema(ObjectNode arguments) {
        InputVisitor visitor = new JsonInputVisitor(arguments);
        visitor.startStruct(null);
        visitor.checkStruct();
        return JsonParser.parse(QmpIntrospection.json());
    }
}
