package org.qsd4j.qom;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;

/** All objects by their paths. Main loop. */
@MainThread
public final class QomTree {
    private final QomContainer root = new QomContainer("");
    private final QomContainer objects = new QomContainer("/objects");
    private final QomContainer chardevs = new QomContainer("/chardevs");

    public QomTree() {
        root.add("chardevs", chardevs);
        root.add("objects", objects);
        root.add("backend", new QomContainer("/backend"));
        root.add("audiodevs", new QomContainer("/audiodevs"));
    }

    /** Where users' objects are. */
    public QomContainer objects() {
        return objects;
    }

    /** Where chardevs are. */
    public QomContainer chardevs() {
        return chardevs;
    }

    /** The object at an absolute path, or the only one whose path ends like this; throws QapiException. */
    public QomObject resolve(String path) {
        Set<QomObject> matches = matches(path);
        if (matches.size() > 1) {
            throw QapiException.generic("Path '%s' is ambiguous", path);
        }
        return only(matches, path);
    }

    /** The same, but an ambiguous path is as good as a wrong one. */
    public QomObject find(String path) {
        return only(matches(path), path);
    }

    private static QomObject only(Set<QomObject> matches, String path) {
        if (matches.size() != 1) {
            throw QapiException.deviceNotFound("Device '%s' not found", path);
        }
        return matches.iterator().next();
    }

    private Set<QomObject> matches(String path) {
        Set<QomObject> matches = new HashSet<>();
        if (path.startsWith("/")) {
            QomObject found = walk(root, path);
            if (found != null) {
                matches.add(found);
            }
        } else {
            collect(root, path, matches);
        }
        return matches;
    }

    private static void collect(QomObject from, String path, Set<QomObject> matches) {
        QomObject found = walk(from, path);
        if (found != null) {
            matches.add(found);
        }
        if (from instanceof QomContainer container) {
            container.children().forEach(child -> collect(child, path, matches));
        }
    }

    private static @Nullable QomObject walk(QomObject from, String path) {
        QomObject at = from;
        for (String name : path.split("/", -1)) {
            if (!name.isEmpty()) {
                at = at instanceof QomContainer container ? container.find(name) : null;
                if (at == null) {
                    return null;
                }
            }
        }
        return at;
    }
}
