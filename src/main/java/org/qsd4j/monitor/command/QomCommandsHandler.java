package org.qsd4j.monitor.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qapi.gen.ObjectPropertiesValues;
import org.qsd4j.qapi.gen.ObjectPropertyInfo;
import org.qsd4j.qapi.gen.ObjectPropertyValue;
import org.qsd4j.qapi.gen.ObjectTypeInfo;
import org.qsd4j.qapi.gen.QomCommands;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomObject;
import org.qsd4j.qom.QomProperty;
import org.qsd4j.qom.QomTree;
import org.qsd4j.qom.QomTypes;

/** The commands of module {@code qom}. */
public final class QomCommandsHandler implements QomCommands {
    private final QomTree tree;
    private final ObjectRegistry objects;

    public QomCommandsHandler(QomTree tree, ObjectRegistry objects) {
        this.tree = tree;
        this.objects = objects;
    }

    @Override
    public List<ObjectPropertyInfo> qomList(String path) {
        return properties(tree.resolve(path))
                .map(property -> new ObjectPropertyInfo(property.name(), property.type(), null, null))
                .toList();
    }

    @Override
    public JsonNode qomGet(String path, String property) {
        return property(tree.find(path), property).value().get();
    }

    @Override
    public void qomSet(String path, String property, JsonNode value) {
        QomObject object = tree.find(path);
        Consumer<JsonNode> setter = property(object, property).setter();
        if (setter == null) {
            throw QapiException.generic("Property '%s.%s' is not writable", object.qomType(), property);
        }
        setter.accept(value);
    }

    @Override
    public List<ObjectPropertiesValues> qomListGet(List<String> paths) {
        return paths.stream()
                .map(tree::find)
                .map(object -> properties(object)
                        .map(property -> new ObjectPropertyValue(
                                property.name(),
                                property.type(),
                                property.value().get()))
                        .toList())
                .map(ObjectPropertiesValues::new)
                .toList();
    }

    @Override
    public List<ObjectPropertyInfo> qomListProperties(String typename) {
        List<ObjectPropertyInfo> properties = new ArrayList<>();
        properties.add(new ObjectPropertyInfo("type", "string", null, null));
        QomTypes.properties(typename)
                .forEach(property ->
                        properties.add(new ObjectPropertyInfo(property.name(), property.type(), null, null)));
        return properties;
    }

    private static QomProperty property(QomObject object, String name) {
        return properties(object)
                .filter(candidate -> candidate.name().equals(name))
                .findFirst()
                .orElseThrow(() -> QapiException.generic("Property '%s.%s' not found", object.qomType(), name));
    }

    private static Stream<QomProperty> properties(QomObject object) {
        QomProperty type = new QomProperty("type", "string", () -> TextNode.valueOf(object.qomType()));
        return Stream.concat(Stream.of(type), object.properties().stream());
    }

    @Override
    public List<ObjectTypeInfo> qomListTypes(@Nullable String implementedBy, @Nullable Boolean withAbstract) {
        return QomTypes.list(implementedBy, Boolean.TRUE.equals(withAbstract));
    }

    @Override
    public void objectAdd(ObjectOptions arg) {
        objects.add(arg);
    }

    @Override
    public void objectDel(String id) {
        objects.delete(id);
    }
}
