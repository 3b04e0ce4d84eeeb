package org.qsd4j.monitor;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;

/** Whose command is being executed. QEMU: {@code monitor_cur}. Main loop. */
public final class CurrentMonitor {
    private @Nullable Negotiation negotiation;

    /** What the client whose command this is has agreed on. */
    @MainThread
    public Negotiation negotiation() {
        if (negotiation == null) {
            throw new IllegalStateException("no command is being executed");
        }
        return negotiation;
    }

    void set(@Nullable Negotiation current) {
        negotiation = current;
    }
}
