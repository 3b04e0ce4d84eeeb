package org.qsd4j.daemon;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What {@code --object help} and {@code --object TYPE,help} print. */
final class ObjectHelp {
    private static final Map<String, List<String>> PROPERTIES = new TreeMap<>(Map.of(
            "iothread",
            List.of(
                    "aio-max-batch=<int>",
                    "poll-grow=<int>",
                    "poll-max-ns=<int>",
                    "poll-shrink=<int>",
                    "poll-weight=<int>",
                    "thread-pool-max=<int>",
                    "thread-pool-min=<int>"),
            "secret",
            List.of("data=<string>", "file=<string>", "format=<QCryptoSecretFormat>", "iv=<string>", "keyid=<string>"),
            "throttle-group",
            List.of(
                    "limits=<ThrottleLimits>",
                    "x-bps-read-max-length=<int>",
                    "x-bps-read-max=<int>",
                    "x-bps-read=<int>",
                    "x-bps-total-max-length=<int>",
                    "x-bps-total-max=<int>",
                    "x-bps-total=<int>",
                    "x-bps-write-max-length=<int>",
                    "x-bps-write-max=<int>",
                    "x-bps-write=<int>",
                    "x-iops-read-max-length=<int>",
                    "x-iops-read-max=<int>",
                    "x-iops-read=<int>",
                    "x-iops-size=<int>",
                    "x-iops-total-max-length=<int>",
                    "x-iops-total-max=<int>",
                    "x-iops-total=<int>",
                    "x-iops-write-max-length=<int>",
                    "x-iops-write-max=<int>",
                    "x-iops-write=<int>")));

    private ObjectHelp() {}

    /** @param type the type asked about; the list of types if it is none */
    static String text(@Nullable String type) {
        List<String> properties = type == null ? null : PROPERTIES.get(type);
        StringBuilder text = new StringBuilder();
        if (properties == null) {
            text.append("List of user creatable objects:\n");
            PROPERTIES.keySet().forEach(name -> text.append("  ").append(name).append('\n'));
        } else {
            text.append(type).append(" options:\n");
            properties.forEach(property -> text.append("  ").append(property).append('\n'));
        }
        return text.toString();
    }
}
