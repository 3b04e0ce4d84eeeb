package org.qsd4j.qom;

import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;

/** An object that is there for the ones inside it. QEMU: container. Main loop. */
public final class QomContainer implements QomObject {
    private final String path;
    private final GlibHashSet order = new GlibHashSet();
    private final Map<String, QomObject> children = new LinkedHashMap<>();

    /** @param path where it is, "" for the root */
    QomContainer(String path) {
        this.path = path;
    }

    @Override
    public String qomType() {
        return "container";
    }

    /** Puts an object in; throws QapiException if the name is taken. */
    public void add(String name, QomObject child) {
        add(name, () -> child);
    }

    /** Puts in an object that is made when its name is found free; it holds the name meanwhile. */
    public void add(String name, Supplier<QomObject> maker) {
        checkFree(name);
        order.insert(name);
        try {
            children.put(name, maker.get());
        } catch (RuntimeException e) {
            order.remove(name);
            throw e;
        }
    }

    /** Throws QapiException if the name is taken. */
    public void checkFree(String name) {
        if (children.containsKey(name)) {
            throw QapiException.generic("attempt to add duplicate property '%s' to object (type 'container')", name);
        }
    }

    public @Nullable QomObject find(String name) {
        return children.get(name);
    }

    public void remove(String name) {
        QomObject removed = children.remove(name);
        if (removed != null) {
            order.remove(name);
            removed.removed();
        }
    }

    /** The objects inside, oldest first. */
    public Collection<QomObject> children() {
        return children.values();
    }

    @Override
    public List<QomProperty> properties() {
        List<QomProperty> properties = new ArrayList<>();
        for (String name : order.namesFromTheEnd()) {
            QomObject child = children.get(name);
            if (child != null) {
                properties.add(childProperty(name, child));
            }
        }
        return properties;
    }

    private QomProperty childProperty(String name, QomObject child) {
        return new QomProperty(name, "child<" + child.qomType() + ">", () -> TextNode.valueOf(path + "/" + name));
    }
}
