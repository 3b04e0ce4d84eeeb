package org.qsd4j.daemon;

import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.InputVisitor;
import org.qsd4j.qapi.KeyvalInputVisitor;
import org.qsd4j.qapi.KeyvalParser;

/** An option's argument in one of its two notations: JSON if it begins with a brace, else keyval. */
final class OptionArgument {
    private OptionArgument() {}

    /** @param impliedKey the key of a first value that stands alone, or null if that is not allowed */
    static InputVisitor visitor(String argument, @Nullable String impliedKey) {
        return new KeyvalInputVisitor(KeyvalParser.parse(argument, impliedKey));
    }
}
