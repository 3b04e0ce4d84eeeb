package org.qsd4j.qom;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QDictOrder;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qom.throttle.ThrottleGroup;
import org.qsd4j.util.Identifier;

/** What object-add makes and others refer to by name. QEMU: qom/object_interfaces.c. Main loop. */
@MainThread
public final class ObjectRegistry {
    private final QomContainer objects;

    public ObjectRegistry(QomTree tree) {
        this.objects = tree.objects();
    }

    /** Makes an object. */
    public void add(ObjectOptions options) {
        checkId(options.id());
        ObjectNode properties = options.toJson();
        if (options instanceof ObjectOptions.Iothread iothread) {
            IoThreadObject.checkRanges(properties, QDictOrder.keys(properties));
            objects.add(options.id(), () -> new IoThreadObject(options.id(), iothread.u()));
        } else if (options instanceof ObjectOptions.Secret secret) {
            objects.add(options.id(), () -> SecretObject.load(secret.u(), this));
        } else if (options instanceof ObjectOptions.ThrottleGroup throttle) {
            objects.add(options.id(), () -> new ThrottleGroup(options.id(), throttle.u()));
        } else {
            throw QapiException.generic(
                    "invalid object type: %s", options.qomType().wireName());
        }
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
