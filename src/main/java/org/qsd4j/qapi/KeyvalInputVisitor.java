package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** Reads the tree that {@link KeyvalParser} makes of a command line option: every scalar is a string. */
public final class KeyvalInputVisitor extends InputVisitor {
    public KeyvalInputVisitor(JsonNode root) {
        super(root, true);
    }

    @Override
    public String str(@Nullable String name) {
        JsonNode node = take(name);
        if (!node.isTextual()) {
            throw notScalar(name);
        }
        return node.textValue();
    }

    @Override
    public boolean bool(@Nullable String name) {
        return switch (str(name)) {
            case "on", "yes", "true", "y" -> true;
            case "off", "no", "false", "n" -> false;
            default -> throw invalidValue(name, "'on' or 'off'");
        };
    }

    @Override
    public double number(@Nullable String name) {
        try {
            return OptionNumbers.number(str(name));
        } catch (NumberFormatException e) {
            throw invalidValue(name, "number");
        }
    }

    @Override
    public long int64(@Nullable String name) {
        try {
            return OptionNumbers.int64(str(name));
        } catch (NumberFormatException e) {
            throw invalidValue(name, "integer");
        }
    }

    @Override
    public long uint64(@Nullable String name) {
        try {
            return OptionNumbers.uint64(str(name));
        } catch (NumberFormatException e) {
            throw invalidValue(name, "integer");
        }
    }

    @Override
    public long size(@Nullable String name) {
        try {
            return OptionNumbers.size(str(name));
        } catch (NumberFormatException e) {
            throw invalidValue(name, "size");
        }
    }
}
