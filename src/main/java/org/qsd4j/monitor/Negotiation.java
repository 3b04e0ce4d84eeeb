package org.qsd4j.monitor;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.ErrorClass;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QMPCapability;

/**
 * What one client and we have agreed on. Written by the main loop; read there and on the chardev's thread, which doesn't
 * read on before the command that changes it is done.
 */
public final class Negotiation {
    private volatile boolean complete;
    private volatile boolean oob;

    /** Whether the client may send commands other than {@code qmp_capabilities}. */
    boolean isComplete() {
        return complete;
    }

    /** Whether commands may be sent out of band. */
    boolean oob() {
        return oob;
    }

    /** {@code qmp_capabilities}: ends the negotiation. */
    public void accept(@Nullable List<QMPCapability> enable) {
        if (complete) {
            throw QapiException.of(
                    ErrorClass.COMMAND_NOT_FOUND, "Capabilities negotiation is already complete, command ignored");
        }
        oob = enable != null && enable.contains(QMPCapability.OOB);
        complete = true;
    }
}
