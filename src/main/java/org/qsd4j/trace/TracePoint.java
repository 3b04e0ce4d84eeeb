package org.qsd4j.trace;

import java.util.Locale;

/**
 * The trace points there are, named as in QEMU where it has the same one. They belong to the process, as its stderr does,
 * not to one engine: the one exception to the rule that nothing static holds state.
 *
 * <p>A point that is off costs the read of a plain field; whoever switches it may be seen a little late. Guard the
 * arguments: {@code if (POINT.isOn()) POINT.log(…)}.
 */
@SuppressWarnings("ImmutableEnumChecker")
public enum TracePoint {
    /** A QMP request as it arrived. */
    HANDLE_QMP_COMMAND,
    /** A QMP reply as it leaves. */
    MONITOR_QMP_RESPOND,
    /** An event goes to the monitors. */
    MONITOR_PROTOCOL_EVENT_EMIT,
    /** A node has been opened. */
    BDRV_OPEN_COMMON,
    /** A connection to a chardev has ended before the first byte. */
    CHARDEV_CONNECTION_FAILED,
    /** An export has been started. */
    BLK_EXP_ADD,
    /** An export is gone. */
    BLK_EXP_DELETED;

    private boolean on;

    /** The name that patterns match. */
    public String pointName() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean isOn() {
        return on;
    }

    void set(boolean enabled) {
        on = enabled;
    }

    /** Writes one line: the point's name and the arguments in {@link String#format} form. Any thread. */
    public void log(String format, Object... arguments) {
        TraceLog.write(pointName() + " " + String.format(Locale.ROOT, format, arguments));
    }
}
