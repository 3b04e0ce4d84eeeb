package org.qsd4j.qom;

import java.util.List;
import java.util.Map;
import org.qsd4j.aio.Immutable;

/** The properties that every object of a type has, but for {@code type}, in the order in which QEMU lists them. */
@Immutable
public final class QomTypeProperties {
    /**
     * A property.
     *
     * @param type as qom-list shows it
     */
    public record Property(String name, String type) {}

    private static final Map<String, List<Property>> OWN = Map.ofEntries(
            entry("event-loop-base", "thread-pool-min=int", "aio-max-batch=int", "thread-pool-max=int"),
            entry("iothread", "poll-max-ns=int", "poll-weight=int", "poll-grow=int", "poll-shrink=int"),
            entry("secret_common", "iv=string", "keyid=string", "format=QCryptoSecretFormat"),
            entry("secret", "file=string", "data=string"),
            entry("secret_keyring", "serial=int32_t"),
            entry("monitor", "chardev=string"),
            entry("monitor-qmp", "pretty=bool", "close-action=MonitorQMPCloseAction"),
            entry("chardev-socket", "connected=bool", "addr=SocketAddress"),
            entry("tls-creds", "endpoint=QCryptoTLSCredsEndpoint", "dir=string", "verify-peer=bool", "priority=string"),
            entry("tls-creds-x509", "sanity-check=bool", "passwordid=string"),
            entry("tls-creds-psk", "username=string"),
            entry("authz-list", "policy=QAuthZListPolicy", "rules=QAuthZListRule"),
            entry("authz-simple", "identity=string"),
            entry(
                    "throttle-group",
                    "x-bps-write-max-length=int",
                    "x-iops-total-max-length=int",
                    "x-iops-size=int",
                    "limits=ThrottleLimits",
                    "x-bps-total=int",
                    "x-iops-read-max-length=int",
                    "x-bps-write=int",
                    "x-iops-write-max-length=int",
                    "x-bps-read-max=int",
                    "x-iops-read-max=int",
                    "x-bps-total-max=int",
                    "x-bps-read-max-length=int",
                    "x-iops-read=int",
                    "x-bps-read=int",
                    "x-bps-write-max=int",
                    "x-iops-total-max=int",
                    "x-iops-total=int",
                    "x-iops-write=int",
                    "x-bps-total-max-length=int",
                    "x-iops-write-max=int"));

    private QomTypeProperties() {}

    private static Map.Entry<String, List<Property>> entry(String type, String... properties) {
        return Map.entry(
                type,
                List.of(properties).stream()
                        .map(property -> property.split("=", 2))
                        .map(parts -> new Property(parts[0], parts[1]))
                        .toList());
    }

    /** Those of a type's ancestors first. */
    public static List<Property> of(String type) {
        return QomTypes.lineage(type).stream()
                .flatMap(ancestor -> OWN.getOrDefault(ancestor, List.of()).stream())
                .toList();
    }
}
