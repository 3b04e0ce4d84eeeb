package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Turns objects whose members are all numbered into lists. Of several errors the first in {@link QDictOrder} is told. */
final class KeyvalLists {
    private KeyvalLists() {}

    static void convert(ObjectNode root) {
        convert(root, "");
    }

    private static JsonNode convert(ObjectNode object, String path) {
        int numbered = 0;
        for (String key : QDictOrder.keys(object)) {
            if (object.get(key) instanceof ObjectNode child) {
                object.set(key, convert(child, path.isEmpty() ? key : path + "." + key));
            }
            if (KeyvalNames.isDigit(key, 0)) {
                numbered++;
            }
        }
        if (numbered == 0) {
            return object;
        }
        if (numbered < object.size()) {
            throw KeyvalParser.inconsistent(path);
        }
        return list(object, path);
    }

    private static ArrayNode list(ObjectNode object, String path) {
        SortedMap<Long, JsonNode> elements = new TreeMap<>();
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            elements.put(index(member.getKey()), member.getValue());
        }
        ArrayNode list = QapiJson.array();
        for (Map.Entry<Long, JsonNode> element : elements.entrySet()) {
            if (element.getKey() != list.size()) {
                throw QapiException.generic("Parameter '%s.%d' missing", path, list.size());
            }
            list.add(element.getValue());
        }
        return list;
    }

    /** An index too big for a list is as good as any other that is missing its predecessors. */
    private static long index(String digits) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }
}
