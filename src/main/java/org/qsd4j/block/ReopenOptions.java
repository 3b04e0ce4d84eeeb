package org.qsd4j.block;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Set;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QDictOrder;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;

/**
 * What a reopening may change of a node's options. QEMU: {@code bdrv_reset_options_allowed} and the end of {@code
 * bdrv_reopen_prepare}. Options are compared by their dotted names ({@code cache.direct}).
 */
@MainThread
final class ReopenOptions {
    /** Taken care of by the generic layer. */
    private static final Set<String> COMMON =
            Set.of("discard", "detect-zeroes", "read-only", "auto-read-only", "cache.direct", "cache.no-flush");

    private static final String NODE_NAME = "node-name";

    /** May be given once in the life of a node. */
    private static final String ACTIVE = "active";

    /** May be given only when the node is opened. */
    private static final String FORCE_SHARE = "force-share";

    private final NodeState state;
    private final ObjectNode before;
    private final ObjectNode after;

    /** {@code newOptions} without the definitions of children that get them as their own. */
    ReopenOptions(NodeState state, ObjectNode newOptions) {
        this.state = state;
        this.before = flat(state.options.toJson());
        this.after = flat(newOptions);
    }

    /** Refuses to leave out what was set, unless the driver has a way back to the default. */
    void requireNoneReset() {
        for (String name : QDictOrder.keys(before)) {
            if (!COMMON.contains(name)
                    && !name.equals(NODE_NAME)
                    && !isMutable(name)
                    && !isChild(name)
                    && (name.equals(ACTIVE) || !after.has(name))) {
                throw QapiException.generic("Option '%s' cannot be reset to its default value", name);
            }
        }
    }

    /** Refuses other values. */
    void requireUnchanged() {
        for (String name : QDictOrder.keys(after)) {
            JsonNode value = after.get(name);
            if (!COMMON.contains(name)
                    && !isMutable(name)
                    && !state.driver.changeableOptions().contains(name)
                    && !isReference(name, value)
                    && !name.equals(ACTIVE)
                    && (name.equals(FORCE_SHARE) || !value.equals(before.get(name)))) {
                throw QapiException.generic("Cannot change the option '%s'", name);
            }
        }
    }

    private boolean isMutable(String name) {
        Set<String> mutable = state.driver.mutableOptions();
        int dot = name.indexOf('.');
        return mutable.contains(name) || (dot > 0 && mutable.contains(name.substring(0, dot)));
    }

    private boolean isChild(String name) {
        int dot = name.indexOf('.');
        String child = dot < 0 ? name : name.substring(0, dot);
        return isReplaceable(child)
                || state.children.stream().anyMatch(edge -> edge.name().equals(child));
    }

    /** A child's present node, or a place where another may come. */
    private boolean isReference(String name, JsonNode value) {
        return isReplaceable(name)
                || (value.isTextual()
                        && state.children.stream()
                                .anyMatch(edge -> edge.name().equals(name)
                                        && edge.node().nodeName().equals(value.asText())));
    }

    private static boolean isReplaceable(String name) {
        return name.equals("file") || name.equals("backing");
    }

    private static ObjectNode flat(ObjectNode nested) {
        ObjectNode flat = QapiJson.object();
        flatten("", nested, flat);
        return flat;
    }

    private static void flatten(String prefix, JsonNode node, ObjectNode flat) {
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            add(prefix + member.getKey(), member.getValue(), flat);
        }
    }

    private static void add(String name, JsonNode value, ObjectNode flat) {
        if (value.isObject() && !value.isEmpty()) {
            flatten(name + ".", value, flat);
        } else if (value.isArray() && !value.isEmpty()) {
            for (int i = 0; i < value.size(); i++) {
                add(name + "." + i, value.get(i), flat);
            }
        } else {
            flat.set(name, value);
        }
    }
}
