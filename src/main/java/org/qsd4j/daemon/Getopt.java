package org.qsd4j.daemon;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Takes a command line apart as getopt_long(3) of the GNU C library does with an option string that starts with "-": in
 * the order of the arguments, strays included. Long options may be abbreviated as long as they stay unambiguous.
 */
final class Getopt {
    static final String STRAY = "";

    /**
     * One option that is understood.
     *
     * @param letter the short form, or 0 where there is none
     * @param whole no abbreviation stands for it, so that it makes none of another option ambiguous
     */
    record Option(String name, char letter, boolean takesArgument, boolean whole) {
        Option(String name, char letter, boolean takesArgument) {
            this(name, letter, takesArgument, false);
        }

        Option(String name, boolean takesArgument) {
            this(name, (char) 0, takesArgument);
        }

        /** See {@link #whole}. */
        static Option whole(String name) {
            return new Option(name, (char) 0, true, true);
        }

        boolean mayBe(String typed) {
            return whole ? name.equals(typed) : name.startsWith(typed);
        }
    }

    /**
     * What {@link #next()} found.
     *
     * @param name the option's full name, or {@link #STRAY} for an argument that is no option
     * @param argument the option's argument, "" where it takes none; or the stray argument itself
     * @param asTyped the arguments that make it up, as the user typed them, for messages
     */
    record Occurrence(String name, String argument, String asTyped) {}

    /** The command line can't be understood; the message is getopt's, without the program's name. */
    static final class UsageException extends Exception {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message, null, false, false);
        }
    }

    private final List<Option> options;
    private final String[] arguments;
    private int index;
    private String cluster = "";

    Getopt(List<Option> options, String... arguments) {
        this.options = options;
        this.arguments = arguments;
    }

    /** The next option or stray argument, or null at the end or at "--". */
    @Nullable
    Occurrence next() throws UsageException {
        int first = index;
        if (!cluster.isEmpty()) {
            return shortOption(first);
        }
        if (index >= arguments.length) {
            return null;
        }
        String argument = arguments[index++];
        if (argument.equals("--")) {
            return null;
        }
        if (argument.startsWith("--")) {
            return longOption(first, argument);
        }
        if (argument.startsWith("-") && argument.length() > 1) {
            cluster = argument.substring(1);
            index--;
            return shortOption(first);
        }
        return new Occurrence(STRAY, argument, argument);
    }

    /** What follows the last argument that {@link #next()} took; after "--" these are no options. */
    List<String> rest() {
        return List.of(arguments).subList(index, arguments.length);
    }

    private Occurrence longOption(int first, String argument) throws UsageException {
        int equals = argument.indexOf('=');
        String name = argument.substring(2, equals < 0 ? argument.length() : equals);
        Option option = find(name, argument);
        if (!option.takesArgument()) {
            if (equals >= 0) {
                throw new UsageException("option '--" + option.name() + "' doesn't allow an argument");
            }
            return new Occurrence(option.name(), "", typed(first));
        }
        if (equals >= 0) {
            return new Occurrence(option.name(), argument.substring(equals + 1), typed(first));
        }
        if (index >= arguments.length) {
            throw new UsageException("option '--" + option.name() + "' requires an argument");
        }
        String value = arguments[index++];
        return new Occurrence(option.name(), value, typed(first));
    }

    private Option find(String name, String argument) throws UsageException {
        List<Option> candidates =
                options.stream().filter(option -> option.mayBe(name)).toList();
        for (Option candidate : candidates) {
            if (candidate.name().equals(name)) {
                return candidate;
            }
        }
        if (candidates.isEmpty()) {
            throw new UsageException("unrecognized option '" + argument + "'");
        }
        if (candidates.size() > 1) {
            throw new UsageException(candidates.stream()
                    .map(option -> " '--" + option.name() + "'")
                    .collect(Collectors.joining("", "option '" + argument + "' is ambiguous; possibilities:", "")));
        }
        return candidates.get(0);
    }

    /** Takes one letter of an argument such as "-xyz"; the argument is used up with its last letter. */
    private Occurrence shortOption(int first) throws UsageException {
        char letter = cluster.charAt(0);
        String behind = cluster.substring(1);
        cluster = "";
        Option option = options.stream()
                .filter(candidate -> candidate.letter() == letter)
                .findFirst()
                .orElseThrow(() -> new UsageException("invalid option -- '" + letter + "'"));
        if (!option.takesArgument()) {
            cluster = behind;
            if (behind.isEmpty()) {
                index++;
            }
            return new Occurrence(option.name(), "", typed(first));
        }
        index++;
        if (!behind.isEmpty()) {
            return new Occurrence(option.name(), behind, typed(first));
        }
        if (index >= arguments.length) {
            throw new UsageException("option requires an argument -- '" + letter + "'");
        }
        String value = arguments[index++];
        return new Occurrence(option.name(), value, typed(first));
    }

    private String typed(int first) {
        return String.join(" ", Arrays.asList(arguments).subList(first, Math.max(first + 1, index)));
    }
}
