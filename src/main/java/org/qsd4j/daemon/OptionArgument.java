package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.InputVisitor;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.KeyvalInputVisitor;
import org.qsd4j.qapi.KeyvalParser;
import org.qsd4j.qapi.json.JsonParser;

/** An option's argument in one of its two notations: JSON if it begins with a brace, else keyval. */
final class OptionArgument {
    private OptionArgument() {}

    /** @param impliedKey the key of a first value that stands alone, or null if that is not allowed */
    static InputVisitor visitor(String argument, @Nullable String impliedKey) {
        return isJson(argument)
                ? new JsonInputVisitor(JsonParser.parse(argument))
                : new KeyvalInputVisitor(KeyvalParser.parse(argument, impliedKey));
    }

    /** As {@link #visitor}, for the option that has help of its own: that is printed, and the program ends. */
    static InputVisitor objectVisitor(String argument, Output out) {
        if (isJson(argument)) {
            return new JsonInputVisitor(JsonParser.parse(argument));
        }
        KeyvalParser.Result result = KeyvalParser.parseWithHelp(argument, "qom-type");
        if (result.help()) {
            JsonNode type = result.tree().get("qom-type");
            out.print(ObjectHelp.text(type == null ? null : type.asText()));
            throw new Exit(0);
        }
        return new KeyvalInputVisitor(result.tree());
    }

    private static boolean isJson(String argument) {
        return argument.startsWith("{");
    }
}
