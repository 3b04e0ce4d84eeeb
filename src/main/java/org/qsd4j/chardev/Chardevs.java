package org.qsd4j.chardev;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ChardevBackend;
import org.qsd4j.qapi.gen.ChardevBackendBase;
import org.qsd4j.qapi.gen.ChardevBackendKind;
import org.qsd4j.qapi.gen.ChardevInfo;
import org.qsd4j.qapi.gen.ChardevMux;
import org.qsd4j.qapi.gen.ChardevMuxWrapper;
import org.qsd4j.qapi.gen.ChardevReturn;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomContainer;
import org.qsd4j.qom.QomProperty;
import org.qsd4j.qom.QomTree;
import org.qsd4j.util.Reporter;

/** All chardevs by their id. Main loop, or the starting thread before it runs. */
public final class Chardevs implements AutoCloseable {
    /** The kinds of chardevs, in QEMU's order. */
    public static final List<String> KINDS = List.of(
            "serial", "mux", "pipe", "parallel", "null", "ringbuf", "socket", "stdio", "memory", "udp", "file", "pty");

    private final Map<String, Chardev> chardevs = new LinkedHashMap<>();
    private final ChardevFactory factory;
    private final QomContainer container;

    /**
     * @param reporter takes what a person at the command line should know
     * @param background whether the process goes to the background, so that stdio can't be used
     * @param tree where the chardevs are shown
     * @param objects where TLS credentials and authorization objects are
     * @param quit ends the program, as users of a mux may ask; any thread
     */
    public Chardevs(Reporter reporter, boolean background, QomTree tree, ObjectRegistry objects, Runnable quit) {
        this.container = tree.chardevs();
        this.factory = new ChardevFactory(reporter, background, objects, this::find, quit);
    }

    /** Opens a chardev; one with {@code wait=on} returns when its first client is there. */
    public Chardev add(ChardevOptions options) {
        if (options.shared()) {
            String base = options.id() + "-base";
            Chardev made = add(new ChardevOptions(base, options.backend()));
            add(new ChardevOptions(options.id(), mux(base)));
            return made;
        }
        container.checkFree(options.id());
        Chardev made = factory.open(options, true);
        add(made);
        return made;
    }

    private static ChardevBackend mux(String base) {
        return new ChardevBackend.Mux(
                new ChardevBackendBase(ChardevBackendKind.MUX),
                new ChardevMuxWrapper(new ChardevMux(null, null, null, base)));
    }

    /** {@code chardev-add}: the same, with the errors of QMP. */
    public ChardevReturn addById(ChardevOptions options) {
        if (chardevs.containsKey(options.id())) {
            throw QapiException.generic("Chardev with id '%s' already exists", options.id());
        }
        try {
            Chardev made = factory.open(options, false);
            add(made);
            return new ChardevReturn(made.pty());
        } catch (QapiException e) {
            throw e.prepend("Failed to add chardev '%s': ", options.id());
        }
    }

    /** {@code chardev-change}: as in QEMU, the old one is gone if the new one can't be opened. */
    public ChardevReturn change(ChardevOptions options) {
        Chardev old = chardevs.get(options.id());
        if (old == null) {
            throw QapiException.generic("Chardev '%s' does not exist", options.id());
        }
        if (old instanceof MuxChardev) {
            throw QapiException.generic("For mux or hub device hotswap is not supported yet");
        }
        if (old.isBusy()) {
            throw QapiException.generic("Chardev user does not support chardev hotswap");
        }
        remove(options.id());
        return addById(options);
    }

    /** The buffer in memory of that id; throws QapiException. */
    public RingbufChardev ringbuf(String id) {
        Chardev chardev = chardevs.get(id);
        if (chardev == null) {
            throw QapiException.generic("Device '%s' not found", id);
        }
        if (!(chardev instanceof RingbufChardev ringbuf)) {
            throw QapiException.generic("%s is not a ringbuf device", id);
        }
        return ringbuf;
    }

    /** {@code query-chardev}, in QEMU's order. */
    public List<ChardevInfo> query() {
        List<ChardevInfo> infos = new ArrayList<>();
        for (QomProperty property : container.properties()) {
            Chardev chardev = chardevs.get(property.name());
            if (chardev != null) {
                infos.add(new ChardevInfo(chardev.id(), chardev.filename(), chardev.isFrontendOpen()));
            }
        }
        return infos;
    }

    /** Takes in a chardev that is open already. */
    void add(Chardev chardev) {
        container.add(chardev.id(), chardev);
        chardevs.put(chardev.id(), chardev);
    }

    /** The chardev of that id, or null. */
    public @Nullable Chardev find(String id) {
        return chardevs.get(id);
    }

    /** Closes a chardev that nobody uses and forgets it. */
    public void remove(String id) {
        Chardev chardev = require(id);
        if (chardev.isBusy()) {
            throw QapiException.generic("Chardev '%s' is busy", id);
        }
        chardevs.remove(id);
        container.remove(id);
        chardev.close();
    }

    /** The chardev of that id; throws QapiException. */
    public Chardev require(String id) {
        Chardev chardev = chardevs.get(id);
        if (chardev == null) {
            throw QapiException.generic("Chardev '%s' not found", id);
        }
        return chardev;
    }

    public Collection<Chardev> all() {
        return chardevs.values();
    }

    /** The daemon is to end: makes {@link #add} throw that waits for a first client, now or later. Any thread. */
    public void stopWaiting() {
        factory.stopWaiting();
    }

    /** Closes every chardev and removes the socket files; what was written before is sent first. */
    @Override
    public void close() {
        chardevs.values().forEach(Chardev::close);
        chardevs.clear();
        factory.close();
    }
}
