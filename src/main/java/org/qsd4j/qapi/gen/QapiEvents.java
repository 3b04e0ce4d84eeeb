package org.qsd4j.qapi.gen;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.qsd4j.qapi.QapiEvent;

/** Stands in until the generator emits it. */
public final class QapiEvents {
    private QapiEvents() {}

    public static QapiEvent blockExportDeleted(String id) {
        return new QapiEvent(
                "BLOCK_EXPORT_DELETED", JsonNodeFactory.instance.objectNode().put("id", id));
    }
}
