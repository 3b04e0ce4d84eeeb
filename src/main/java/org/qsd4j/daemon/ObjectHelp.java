package org.qsd4j.daemon;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qom.QomTypeProperties;
import org.qsd4j.qom.QomTypes;

/** What {@code --object help} and {@code --object TYPE,help} print. */
final class ObjectHelp {
    private ObjectHelp() {}

    /** @param type the type asked about; the list of types if it is none */
    static String text(@Nullable String type) {
        if (type == null || !QomTypes.userCreatable().contains(type)) {
            return "List of user creatable objects:\n" + lines(QomTypes.userCreatable().stream());
        }
        return type + " options:\n"
                + lines(QomTypeProperties.of(type).stream()
                        .map(property -> property.name() + "=<" + property.type() + ">"));
    }

    private static String lines(Stream<String> names) {
        return names.sorted().map(name -> "  " + name + "\n").collect(Collectors.joining());
    }
}
