package org.qsd4j.monitor;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import org.qsd4j.chardev.Chardev;
import org.qsd4j.qapi.InputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.MonitorQMPCloseAction;
import org.qsd4j.qom.QomObject;
import org.qsd4j.qom.QomProperty;
import org.qsd4j.qom.QomValues;

/** A monitor's place among the objects. Main loop. */
final class MonitorObject implements QomObject {
    private final Monitors monitors;
    private final String id;
    private final QmpSession session;
    private final Chardev chardev;
    private String shownChardev;

    /** Written on the main loop, read on the chardev's thread. */
    private volatile MonitorQMPCloseAction closeAction = MonitorQMPCloseAction.NONE;

    MonitorObject(Monitors monitors, String id, Chardev chardev, boolean pretty) {
        this.monitors = monitors;
        this.id = id;
        this.chardev = chardev;
        this.shownChardev = chardev.id();
        this.session = monitors.session(chardev, pretty, this::clientGone);
    }

    QmpSession session() {
        return session;
    }

    String chardevId() {
        return chardev.id();
    }

    void setCloseAction(MonitorQMPCloseAction action) {
        closeAction = action;
    }

    private void clientGone() {
        if (closeAction == MonitorQMPCloseAction.DELETE) {
            monitors.deleteLater(id, this);
        }
    }

    @Override
    public String qomType() {
        return "monitor-qmp";
    }

    /** As in QEMU, another chardev than that of the start is only shown. */
    @Override
    public List<QomProperty> properties() {
        return List.of(
                QomValues.text("chardev", () -> shownChardev, written -> shownChardev = written),
                new QomProperty(
                        "pretty",
                        "bool",
                        () -> BooleanNode.valueOf(session.isPretty()),
                        QomValues.setter("pretty", visitor -> visitor.bool("pretty"), session::setPretty)),
                new QomProperty(
                        "close-action",
                        "MonitorQMPCloseAction",
                        () -> TextNode.valueOf(closeAction.wireName()),
                        QomValues.setter("close-action", MonitorObject::closeAction, this::setCloseAction)));
    }

    private static MonitorQMPCloseAction closeAction(InputVisitor visitor) {
        return MonitorQMPCloseAction.visit(visitor, "close-action");
    }

    @Override
    public void checkDeletable() {
        if (monitors.isCurrent(session)) {
            throw QapiException.generic("Cannot delete the current QMP monitor");
        }
    }

    @Override
    public void removed() {
        monitors.ended(session);
        chardev.detach(session);
    }
}
