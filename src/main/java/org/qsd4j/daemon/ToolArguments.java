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
 * @param options the arguments of each option that was given, "" where it takes none
 * @param operands what is no option
 */
record ToolArguments(Map<String, List<String>> options, List<String> operands) {
    static ToolArguments parse(List<Getopt.Option> known, List<String> arguments) throws UsageException {
        Map<String, List<String>> options = new HashMap<>();
        List<String> operands = new ArrayList<>();
        Getopt getopt = new Getopt(known, arguments.toArray(String[]::new));
        for (Occurrence found = getopt.next(); found != null; found = getopt.next()) {
            if (found.name().equals(Getopt.STRAY)) {
                operands.add(found.argument());
            } else {
                options.computeIfAbsent(found.name(), name -> new ArrayList<>()).add(found.argument());
            }
        }
        operands.addAll(getopt.rest());
        return new ToolArguments(options, operands);
    }

    boolean has(String option) {
        return options.containsKey(option);
    }

    /** The last one counts. */
    @Nullable
    String get(String option) {
        List<String> given = all(option);
        return given.isEmpty() ? null : given.get(given.size() - 1);
    }

    /** In the order in which they were given. */
    List<String> all(String option) {
        return options.getOrDefault(option, List.of());
    }
}
