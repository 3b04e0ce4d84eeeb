package org.qsd4j.block;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QmpJsonWriter;

/**
 * What a node is called in replies: the file name that would open the same thing, else a {@code json:} definition. QEMU:
 * {@code bdrv_refresh_filename}.
 */
@MainThread
final class NodeFilename {
    private static final String BACKING = "backing";

    private NodeFilename() {}

    static String of(BlockNode node) {
        String exact = node.exactFilename();
        if (exact != null) {
            return exact;
        }
        byte[] json = QmpJsonWriter.toBytes(definition(node), false);
        return "json:" + new String(json, StandardCharsets.US_ASCII);
    }

    /** The image file's name, if opening that with the node's format gives this very node. */
    static @Nullable String ofImageFile(BlockNode node) {
        NodeState state = node.state();
        BlockNode file = primaryChild(state);
        if (file == null
                || !file.driver().hasFilenames()
                || state.driver.isFilter()
                || hasStrongOption(state)
                || isBackingOverridden(state)) {
            return null;
        }
        return file.exactFilename();
    }

    private static @Nullable BlockNode primaryChild(NodeState state) {
        for (BlockChild child : state.children) {
            if ((child.role & ChildRole.PRIMARY) != 0) {
                return child.node();
            }
        }
        return null;
    }

    private static boolean hasStrongOption(NodeState state) {
        JsonNode options = state.options.toJson();
        return state.driver.strongOptions().stream().anyMatch(name -> option(options, name) != null);
    }

    /** @param name of a member, or "a.b" for member b of a: so it stands in the name, too */
    private static @Nullable JsonNode option(JsonNode options, String name) {
        JsonNode value = options;
        for (String part : name.split("\\.", -1)) {
            value = value == null ? null : value.get(part);
        }
        return value;
    }

    private static boolean isBackingOverridden(NodeState state) {
        BlockNode backing = backing(state);
        return backing == null
                ? state.imageBackingFilename != null
                : !state.backingIsImages && !of(backing).equals(state.imageBackingFilename);
    }

    private static @Nullable BlockNode backing(NodeState state) {
        for (BlockChild child : state.children) {
            if (child.name().equals(BACKING)) {
                return child.node();
            }
        }
        return null;
    }

    /** Elements of lists are members of their own: {@code inject-error.0.event}. */
    private static void putFlat(ObjectNode definition, String name, JsonNode value) {
        if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                String prefix = name + "." + i + ".";
                value.get(i)
                        .properties()
                        .forEach(member -> definition.set(prefix + member.getKey(), member.getValue()));
            }
        } else {
            definition.set(name, value);
        }
    }

    /** Children of the name {@code children.N} are elements of a list, without gaps. */
    private static void putChild(ObjectNode definition, String name, ObjectNode child) {
        int dot = name.indexOf('.');
        if (dot < 0) {
            definition.set(name, child);
        } else {
            definition.withArray("/" + name.substring(0, dot)).add(child);
        }
    }

    /** The options that change what a guest sees, and the same of the children. QEMU: {@code full_open_options}. */
    private static ObjectNode definition(BlockNode node) {
        NodeState state = node.state();
        ObjectNode definition = JsonNodeFactory.instance.objectNode();
        ObjectNode options = state.options.toJson();
        for (String name : state.driver.strongOptions()) {
            JsonNode value = option(options, name);
            if (value != null) {
                putFlat(definition, name, value);
            }
        }
        definition.put("driver", state.driver.formatName());
        boolean overridden = isBackingOverridden(state);
        for (BlockChild child : state.children) {
            if (overridden || !child.name().equals(BACKING)) {
                putChild(definition, child.name(), definition(child.node()));
            }
        }
        if (overridden && backing(state) == null) {
            definition.putNull(BACKING);
        }
        return definition;
    }
}
