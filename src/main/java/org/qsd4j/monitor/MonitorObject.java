package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import org.qsd4j.chardev.Chardev;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qom.QomObject;
import org.qsd4j.qom.QomProperty;

/** A monitor's place among the objects. */
final class MonitorObject implements QomObject {
    private final QmpSession session;
    private final Chardev chardev;
    private final boolean pretty;
    private final CurrentMonitor current;
    private final EventBroadcast events;

    MonitorObject(QmpSession session, Chardev chardev, boolean pretty, CurrentMonitor current, EventBroadcast events) {
        this.session = session;
        this.chardev = chardev;
        this.pretty = pretty;
        this.current = current;
        this.events = events;
    }

    @Override
    public String qomType() {
        return "monitor-qmp";
    }

    @Override
    public List<QomProperty> properties() {
        return List.of(
                new QomProperty("chardev", "string", () -> TextNode.valueOf(chardev.id())),
                new QomProperty("pretty", "bool", () -> BooleanNode.valueOf(pretty)),
                new QomProperty("close-action", "MonitorQMPCloseAction", () -> TextNode.valueOf("none")));
    }

    @Override
    public void checkDeletable() {
        if (session.isClient(current.negotiation())) {
            throw QapiException.generic("Cannot delete the current QMP monitor");
        }
    }

    @Override
    public void removed() {
        events.remove(session);
        chardev.detach();
    }
}
