package org.qsd4j.qom;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qapi.gen.TlsCredsX509Properties;
import org.qsd4j.qom.throttle.ThrottleGroup;
import org.qsd4j.tls.TlsCreds;
import org.qsd4j.util.Identifier;

/** What object-add makes and others refer to by name. QEMU: qom/object_interfaces.c. Main loop. */
@MainThread
public final class ObjectRegistry {
    private final QomContainer objects;
    private final Consumer<String> report;
    private @Nullable Function<ObjectOptions.MonitorQmp, QomObject> monitorMaker;

    /** A second way to those objects that threads of connections ask. */
    private final Map<String, Authorizer> authorizers = new ConcurrentHashMap<>();

    /** @param report where warnings about an object's properties go */
    public ObjectRegistry(QomTree tree, Consumer<String> report) {
        this.objects = tree.objects();
        this.report = report;
    }

    /** Makes an object. */
    public void add(ObjectOptions options) {
        checkId(options.id());
        if (options instanceof ObjectOptions.Iothread iothread) {
            addEventLoop(options.id(), new IoThreadObject(iothread));
        } else if (options instanceof ObjectOptions.MainLoop mainLoop) {
            addMainLoop(mainLoop);
        } else if (options instanceof ObjectOptions.Secret secret) {
            objects.add(options.id(), () -> SecretObject.load(secret.u(), this));
        } else if (options instanceof ObjectOptions.SecretKeyring secret) {
            objects.add(options.id(), () -> SecretObject.load(secret.u(), this));
        } else if (options instanceof ObjectOptions.MonitorQmp monitor && monitorMaker != null) {
            Function<ObjectOptions.MonitorQmp, QomObject> maker = monitorMaker;
            objects.add(options.id(), () -> maker.apply(monitor));
        } else if (options instanceof ObjectOptions.ThrottleGroup throttle) {
            objects.add(options.id(), new ThrottleGroup(options.id(), throttle.u()));
        } else if (options instanceof ObjectOptions.AuthzSimple simple) {
            addAuthorizer(options.id(), new AuthzSimpleObject(simple.u()));
        } else if (options instanceof ObjectOptions.AuthzList list) {
            addAuthorizer(options.id(), new AuthzListObject(list.u()));
        } else if (options instanceof ObjectOptions.TlsCredsAnon anonymous) {
            objects.add(options.id(), () -> TlsCredsObject.anonymous(anonymous.u(), report));
        } else if (options instanceof ObjectOptions.TlsCredsPsk psk) {
            objects.add(options.id(), () -> TlsCredsObject.psk(psk.u(), report));
        } else if (options instanceof ObjectOptions.TlsCredsX509 x509) {
            objects.add(options.id(), () -> x509(x509.u()));
        } else {
            throw QapiException.generic(
                    "invalid object type: %s", options.qomType().wireName());
        }
    }

    private void addMainLoop(ObjectOptions.MainLoop options) {
        MainLoopObject mainLoop = new MainLoopObject(options);
        if (objects.children().stream().anyMatch(MainLoopObject.class::isInstance)) {
            throw QapiException.generic("only one main-loop instance allowed");
        }
        addEventLoop(options.id(), mainLoop);
    }

    /** As in QEMU, each property is checked before the name is, and all together after it. */
    private void addEventLoop(String id, EventLoopObject made) {
        objects.add(id, () -> {
            made.complete();
            return made;
        });
    }

    /** Monitors can be made from now on. */
    public void setMonitorMaker(Function<ObjectOptions.MonitorQmp, QomObject> maker) {
        monitorMaker = maker;
    }

    private void addAuthorizer(String id, Authorizer authorizer) {
        objects.add(id, authorizer);
        authorizers.put(id, authorizer);
    }

    private TlsCredsObject x509(TlsCredsX509Properties properties) {
        String secretId = properties.passwordid();
        String password = secretId == null ? null : new String(secret(secretId), StandardCharsets.UTF_8);
        return TlsCredsObject.x509(properties, password, report);
    }

    /** Throws QapiException unless it is a possible id. */
    public static void checkId(String id) {
        if (!Identifier.isWellFormed(id)) {
            throw QapiException.generic("Parameter 'id' expects an identifier")
                    .withHint("Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.");
        }
    }

    /** Deletes an object; who uses it keeps it until it is done. */
    public void delete(String id) {
        QomObject object = objects.find(id);
        if (object == null) {
            throw QapiException.generic("object '%s' not found", id);
        }
        object.checkDeletable();
        objects.remove(id);
        authorizers.remove(id);
    }

    /**
     * The TLS credentials of that name.
     *
     * @param server for which end they have to be
     * @throws QapiException if there are none
     */
    public TlsCreds tlsCreds(String id, boolean server) {
        QomObject object = objects.find(id);
        if (object == null) {
            throw QapiException.generic("No TLS credentials with id '%s'", id);
        }
        if (!(object instanceof TlsCredsObject credentials)) {
            throw QapiException.generic("Object with id '%s' is not TLS credentials", id);
        }
        credentials.creds().checkEndpoint(server);
        return credentials.creds();
    }

    /** Whether the authorization object of that name lets somebody in; what isn't there lets nobody in. Any thread. */
    public boolean isAuthorized(String id, String identity) {
        Authorizer authorizer = authorizers.get(id);
        return authorizer != null && authorizer.isAllowed(identity);
    }

    /** The iothread of that name, or null. */
    public @Nullable IoThread findIoThread(String id) {
        return objects.find(id) instanceof IoThreadObject iothread ? iothread.ioThread() : null;
    }

    /** The throttle group of that name, or null. */
    public @Nullable ThrottleGroup findThrottleGroup(String id) {
        return objects.find(id) instanceof ThrottleGroup group ? group : null;
    }

    /** The bytes of the secret of that name, a copy; throws QapiException if there is none. */
    public byte[] secret(String id) {
        QomObject object = objects.find(id);
        if (object == null) {
            throw QapiException.generic("No secret with id '%s'", id);
        }
        if (!(object instanceof SecretObject secret)) {
            throw QapiException.generic("Object with id '%s' is not a secret", id);
        }
        return secret.bytes();
    }
}
