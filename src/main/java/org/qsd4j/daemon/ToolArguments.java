package org.qsd4j.daemon;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qsd4j.daemon.Getopt.Occurrence;
import org.qsd4j.daemon.Getopt.UsageException;

/**
 * The arguments of one of {@code qsd4j}'s own commands: options anywhere, "--" ends them.
 *
 * @param options the argument of each option that was given, "" where it takes none; the last one counts
 * @param operands what is no option
 */
record ToolArguments(Map<String, String> options, List<String> operands) {
    static ToolArguments parse(List<Getopt.Option> known, List<String> arguments) throws UsageException {
        Map<String, String> options = new HashMap<>();
        List<String> operands = new ArrayList<>();
        Getopt getopt = new Getopt(known, arguments.toArray(String[]::new));
        for (Occurrence found = getopt.next(); found != null; found = getopt.next()) {
            if (found.name().equals(Getopt.STRAY)) {
                operands.add(found.argument());
            } else {
                options.put(found.name(), found.argument());
            }
        }
        operands.addAll(getopt.rest());
        return new ToolArguments(options, operands);
    }

    boolean has(String option) {
        return options.containsKey(option);
    }

    @Nullable
    String get(String option) {
        return options.get(option);
    }
}
