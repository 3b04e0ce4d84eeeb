package org.qsd4j.qom;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.qapi.gen.ObjectOptions;

/** An iothread as users make it. */
final class IoThreadObject extends EventLoopObject {
    private static final long DEFAULT_POLL_FACTOR = 2;
    private static final long DEFAULT_POLL_WEIGHT = 3;
    private static final long MAX_POLL_WEIGHT = 63;

    private final IoThread ioThread;

    /** Kept for who asks: the spin adapts to the latest wait alone. */
    private long pollWeight = DEFAULT_POLL_WEIGHT;

    IoThreadObject(ObjectOptions.Iothread options) {
        ioThread = new IoThread(options.id());
        ioThread.setPollGrow(DEFAULT_POLL_FACTOR);
        ioThread.setPollShrink(DEFAULT_POLL_FACTOR);
        setAll(options.u().toJson());
    }

    IoThread ioThread() {
        return ioThread;
    }

    @Override
    public String qomType() {
        return "iothread";
    }

    @Override
    @Nullable
    Long largest(String name) {
        return switch (name) {
            case "poll-max-ns", "poll-grow", "poll-shrink" -> Long.MAX_VALUE;
            case "poll-weight" -> MAX_POLL_WEIGHT;
            default -> super.largest(name);
        };
    }

    @Override
    void apply(String name, long value) {
        switch (name) {
            case "poll-max-ns" -> ioThread.setPollMaxNanos(value);
            case "poll-grow" -> ioThread.setPollGrow(notZero(value, DEFAULT_POLL_FACTOR));
            case "poll-shrink" -> ioThread.setPollShrink(notZero(value, DEFAULT_POLL_FACTOR));
            case "poll-weight" -> pollWeight = notZero(value, DEFAULT_POLL_WEIGHT);
            default -> super.apply(name, value);
        }
    }

    /** Here 0 asks for the default. */
    private static long notZero(long value, long other) {
        return value == 0 ? other : value;
    }

    @Override
    long number(String name) {
        return switch (name) {
            case "poll-max-ns" -> ioThread.pollMaxNanos();
            case "poll-grow" -> ioThread.pollGrow();
            case "poll-shrink" -> ioThread.pollShrink();
            case "poll-weight" -> pollWeight;
            default -> super.number(name);
        };
    }
}
