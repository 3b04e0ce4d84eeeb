package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.gen.QmpDispatchTable;

/** The commands that monitors know. */
@FunctionalInterface
public interface CommandTable {
    /** One command. */
    interface Command {
        /** Whether it may overtake others; it then has to work on any thread. */
        boolean allowOob();

        /** Executes it; the result of a command without one is an empty object. Throws QapiException. */
        JsonNode invoke(ObjectNode arguments);
    }

    /** The command of that name, or null. */
    @Nullable
    Command find(String name);

    /** The commands of the schema. */
    static CommandTable of(QmpDispatchTable table) {
        return name -> {
            QmpDispatchTable.Entry entry = table.find(name);
            return entry == null ? null : new SchemaCommand(entry);
        };
    }

    /** A command of the schema. */
    record SchemaCommand(QmpDispatchTable.Entry entry) implements Command {
        @Override
        public boolean allowOob() {
            return entry.allowOob();
        }

        @Override
        public JsonNode invoke(ObjectNode arguments) {
            return entry.handle(arguments);
        }
    }
}
