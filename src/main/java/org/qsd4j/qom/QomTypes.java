package org.qsd4j.qom;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ObjectTypeInfo;

/** The types of objects there are, in the order in which QEMU lists them. Immutable. */
public final class QomTypes {
    private static final String USER_CREATABLE = "user-creatable";

    /** A type; who has no parent is the root of all objects or of all interfaces. */
    private record Type(String name, @Nullable String parent, boolean isAbstract, boolean userCreatable) {}

    private static final List<Type> TYPES = List.of(
            new Type("authz-simple", "authz", false, true),
            new Type("secret_common", "object", true, false),
            new Type("container", "object", false, false),
            new Type("interface", null, true, false),
            new Type("tls-creds-anon", "tls-creds", false, true),
            new Type("iothread", "event-loop-base", false, true),
            new Type("secret", "secret_common", false, true),
            new Type("authz", "object", true, false),
            new Type("monitor", "object", true, false),
            new Type("tls-creds-psk", "tls-creds", false, true),
            new Type("tls-creds", "object", true, false),
            new Type("chardev-pipe", "chardev-fd", false, false),
            new Type("main-loop", "event-loop-base", false, true),
            new Type("chardev-null", "chardev", false, false),
            new Type("chardev-ringbuf", "chardev", false, false),
            new Type("authz-list", "authz", false, true),
            new Type("monitor-qmp", "monitor", false, true),
            new Type("event-loop-base", "object", true, false),
            new Type("chardev-fd", "chardev", true, false),
            new Type("chardev", "object", true, false),
            new Type(USER_CREATABLE, "interface", true, false),
            new Type("chardev-socket", "chardev", false, false),
            new Type("chardev-stdio", "chardev-fd", false, false),
            new Type("chardev-memory", "chardev-ringbuf", false, false),
            new Type("object", null, true, false),
            new Type("tls-creds-x509", "tls-creds", false, true),
            new Type("chardev-file", "chardev-fd", false, false),
            new Type("secret_keyring", "secret_common", false, true),
            new Type("throttle-group", "object", false, true));

    private QomTypes() {}

    /**
     * The types that extend or implement the named one, itself among them.
     *
     * @param ancestor null for all
     */
    public static List<ObjectTypeInfo> list(@Nullable String ancestor, boolean withAbstract) {
        return TYPES.stream()
                .filter(type -> withAbstract || !type.isAbstract())
                .filter(type -> ancestor == null || is(type, ancestor))
                .map(type -> new ObjectTypeInfo(type.name(), type.isAbstract() ? true : null, type.parent()))
                .toList();
    }

    /** The types that users can make, in no particular order. */
    public static List<String> userCreatable() {
        return TYPES.stream().filter(Type::userCreatable).map(Type::name).toList();
    }

    /** The properties of every object of the type; throws QapiException if no object can be of it or an heir. */
    public static List<QomTypeProperties.Property> properties(String name) {
        if (find(name) == null) {
            throw QapiException.deviceNotFound("Class '%s' not found", name);
        }
        if (!lineage(name).get(0).equals("object")) {
            throw QapiException.generic("Parameter 'typename' expects a QOM type");
        }
        return QomTypeProperties.of(name);
    }

    /** The type and what it extends, the root first. */
    static List<String> lineage(String name) {
        List<String> types = new ArrayList<>();
        for (Type at = find(name); at != null; at = find(at.parent())) {
            types.add(0, at.name());
        }
        return types;
    }

    private static boolean is(Type type, String ancestor) {
        for (Type at = type; at != null; at = find(at.parent())) {
            if (at.name().equals(ancestor) || (at.userCreatable() && ancestor.equals(USER_CREATABLE))) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable Type find(@Nullable String name) {
        return TYPES.stream()
                .filter(type -> type.name().equals(name))
                .findFirst()
                .orElse(null);
    }
}
