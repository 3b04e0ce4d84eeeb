package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.NodeQuery;
import org.qsd4j.qapi.QapiJson;

/** What an image is, for programs. QEMU: {@code BlockGraphInfo}, as {@code qemu-img info --output=json} prints it. */
final class InfoReport {
    private InfoReport() {}

    /** An image and what it lies in; what is behind it is an image of its own. */
    static ObjectNode json(BlockNode node) {
        ObjectNode report = NodeQuery.image(node).toJson();
        report.remove("limits");
        ArrayNode children = QapiJson.array();
        // The youngest edge comes first.
        List<BlockChild> edges = new ArrayList<>(node.children());
        Collections.reverse(edges);
        for (BlockChild child : edges) {
            if (!child.name().equals("backing")) {
                children.add(QapiJson.object().put("name", child.name()).set("info", json(child.node())));
            }
        }
        report.set("children", children);
        return report;
    }
}
