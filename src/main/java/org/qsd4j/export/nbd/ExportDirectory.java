package org.qsd4j.export.nbd;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.nbd.wire.Nbd;

/** The exports that clients can ask for, by name, oldest first. */
@ThreadSafe
final class ExportDirectory {
    private static final int SHOWN_NAME_BYTES = 80;

    private final Map<String, NbdTarget> targets = new LinkedHashMap<>();

    /** False if the name is taken. */
    synchronized boolean add(NbdTarget target) {
        return targets.putIfAbsent(target.name, target) == null;
    }

    synchronized void remove(NbdTarget target) {
        targets.remove(target.name, target);
    }

    synchronized @Nullable NbdTarget find(String name) {
        return targets.get(name);
    }

    synchronized List<NbdTarget> list() {
        return List.copyOf(targets.values());
    }

    NbdTarget findOrFail(String name) throws OptionError {
        NbdTarget target = find(name);
        if (target == null) {
            throw new OptionError(Nbd.NBD_REP_ERR_UNKNOWN, "export '%s' not present", shorten(name));
        }
        return target;
    }

    /** A name of the client's choice is echoed, but not at any length. */
    private static String shorten(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return bytes.length <= SHOWN_NAME_BYTES
                ? name
                : new String(bytes, 0, SHOWN_NAME_BYTES, StandardCharsets.UTF_8) + "...";
    }
}
