package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.ErrorClass;
import org.qsd4j.qapi.QDictOrder;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.util.Reporter;

/** Turns a request into its reply. QEMU: {@code qmp_dispatch}. */
final class CommandDispatcher {
    private static final String NEGOTIATE_FIRST = "Expecting capabilities negotiation with 'qmp_capabilities'";
    private static final String NEGOTIATE = "qmp_capabilities";

    private final CommandTable commands;
    private final Reporter reporter;

    CommandDispatcher(CommandTable commands, Reporter reporter) {
        this.commands = commands;
        this.reporter = reporter;
    }

    /** What a request asks for. */
    private record Call(
            String command, boolean outOfBand, @Nullable ObjectNode arguments) {}

    /** Executes the request on the calling thread; whatever goes wrong is in the reply. */
    ObjectNode dispatch(JsonNode request, Negotiation negotiation) {
        ObjectNode reply = JsonNodeFactory.instance.objectNode();
        try {
            reply.set("return", execute(request, negotiation));
        } catch (QapiException e) {
            putError(reply, e);
        } catch (RuntimeException | LinkageError | StackOverflowError | OutOfMemoryError e) {
            reporter.error("QMP command failed: " + e);
            putError(reply, QapiException.generic("Internal error: %s", String.valueOf(e)));
        }
        JsonNode id = request.isObject() ? request.get("id") : null;
        if (id != null) {
            reply.set("id", id);
        }
        return reply;
    }

    /** The reply to input that is no request. */
    static ObjectNode errorReply(String desc) {
        ObjectNode reply = JsonNodeFactory.instance.objectNode();
        putError(reply, QapiException.generic("%s", desc));
        return reply;
    }

    private static void putError(ObjectNode reply, QapiException e) {
        ObjectNode error = reply.putObject("error");
        error.put("class", e.errorClass().wireName());
        error.put("desc", e.desc());
    }

    private JsonNode execute(JsonNode request, Negotiation negotiation) {
        if (!(request instanceof ObjectNode object)) {
            throw QapiException.generic("QMP input must be a JSON object");
        }
        Call call = check(object, negotiation.oob());
        boolean known = negotiation.isComplete() || call.command().equals(NEGOTIATE);
        CommandTable.Command command = known ? commands.find(call.command()) : null;
        if (command == null) {
            String desc = negotiation.isComplete()
                    ? "The command " + call.command() + " has not been found"
                    : NEGOTIATE_FIRST;
            throw QapiException.of(ErrorClass.COMMAND_NOT_FOUND, "%s", desc);
        }
        if (call.outOfBand() && !command.allowOob()) {
            throw QapiException.generic("The command %s does not support OOB", call.command());
        }
        ObjectNode arguments = call.arguments();
        return command.invoke(arguments == null ? JsonNodeFactory.instance.objectNode() : arguments);
    }

    /** The members are looked at in the order of QEMU's dictionaries, which decides which of several errors is told. */
    private static Call check(ObjectNode request, boolean allowOob) {
        String executeKey = null;
        ObjectNode arguments = null;
        for (String name : QDictOrder.keys(request)) {
            JsonNode value = request.get(name);
            switch (name) {
                case "execute", "exec-oob" -> {
                    if (name.equals("exec-oob") && !allowOob) {
                        throw unexpected(name);
                    }
                    executeKey = checkExecute(name, value, executeKey);
                }
                case "arguments" -> {
                    if (!(value instanceof ObjectNode object)) {
                        throw QapiException.generic("QMP input member '%s' must be an object", name);
                    }
                    arguments = object;
                }
                case "id" -> {}
                default -> throw unexpected(name);
            }
        }
        if (executeKey == null) {
            throw QapiException.generic("QMP input lacks member 'execute'");
        }
        return new Call(request.path(executeKey).textValue(), executeKey.equals("exec-oob"), arguments);
    }

    private static String checkExecute(String name, JsonNode value, @Nullable String other) {
        if (!value.isTextual()) {
            throw QapiException.generic("QMP input member '%s' must be a string", name);
        }
        if (other != null) {
            throw QapiException.generic("QMP input member '%s' clashes with '%s'", name, other);
        }
        return name;
    }

    private static QapiException unexpected(String name) {
        return QapiException.generic("QMP input member '%s' is unexpected", name);
    }
}
