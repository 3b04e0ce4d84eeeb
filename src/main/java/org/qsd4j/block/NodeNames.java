package org.qsd4j.block;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;

/** The names of a graph's nodes, and with them the order in which the nodes were made. */
@MainThread
final class NodeNames {
    private static final Pattern WELL_FORMED = Pattern.compile("[a-zA-Z][a-zA-Z0-9._-]*");
    private static final int MAX_LENGTH = 31;

    private final Map<String, NodeState> states = new LinkedHashMap<>();
    private int generated;

    /** Gives the node its name: the definition's, else a generated one. */
    void assign(NodeState state) {
        String wanted = state.options.nodeName();
        state.nodeName = wanted == null ? generate() : checked(wanted);
        states.put(state.nodeName, state);
    }

    void remove(NodeState state) {
        states.remove(state.nodeName, state);
    }

    @Nullable
    NodeState find(String name) {
        return states.get(name);
    }

    List<NodeState> newestFirst() {
        List<NodeState> list = new ArrayList<>(states.values());
        Collections.reverse(list);
        return list;
    }

    private String checked(String name) {
        if (!WELL_FORMED.matcher(name).matches()) {
            throw QapiException.generic("Invalid node-name: '%s'", name);
        }
        if (states.containsKey(name)) {
            throw QapiException.generic("Duplicate nodes with node-name='%s'", name);
        }
        if (name.length() > MAX_LENGTH) {
            throw QapiException.generic("Node name too long");
        }
        return name;
    }

    /** A counter, and two random digits so that nobody relies on it; a '#' keeps it apart from names that users choose. */
    private String generate() {
        return String.format(
                "#block%d%02d", generated++, ThreadLocalRandom.current().nextInt(100));
    }
}
