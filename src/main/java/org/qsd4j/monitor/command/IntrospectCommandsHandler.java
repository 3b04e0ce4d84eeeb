package org.qsd4j.monitor.command;

import com.fasterxml.jackson.databind.JsonNode;
import org.qsd4j.qapi.gen.IntrospectCommands;
import org.qsd4j.qapi.gen.QmpIntrospection;
import org.qsd4j.qapi.json.JsonParser;

/** The commands of module {@code introspect}. */
public final class IntrospectCommandsHandler implements IntrospectCommands {
    /** A client asks once, if at all: the tree is made then, and not kept. */
    @Override
    public JsonNode queryQmpSchema() {
        return JsonParser.parse(QmpIntrospection.json());
    }
}
