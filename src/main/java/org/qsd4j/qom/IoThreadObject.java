package org.qsd4j.qom;

import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.IothreadProperties;

/** An iothread as users make it. */
final class IoThreadObject implements QomObject {
    private static final long DEFAULT_THREAD_POOL_MAX = 64;
    private static final long DEFAULT_POLL_FACTOR = 2;
    private static final long DEFAULT_POLL_WEIGHT = 3;
    private static final long MAX_POLL_WEIGHT = 63;
    private static final Map<String, Long> LARGEST = Map.of(
            "aio-max-batch", Long.MAX_VALUE,
            "thread-pool-min", Long.MAX_VALUE,
            "thread-pool-max", Long.MAX_VALUE,
            "poll-max-ns", Long.MAX_VALUE,
            "poll-grow", Long.MAX_VALUE,
            "poll-shrink", Long.MAX_VALUE,
            "poll-weight", MAX_POLL_WEIGHT);

    private final IoThread ioThread;
    private final long aioMaxBatch;
    private final long threadPoolMin;
    private final long threadPoolMax;
    private final long pollWeight;

    IoThreadObject(String id, IothreadProperties properties) {
        ioThread = new IoThread(id);
        ioThread.setPollMaxNanos(orElse(properties.pollMaxNs(), IoThread.DEFAULT_POLL_MAX_NS));
        ioThread.setPollGrow(notZero(properties.pollGrow(), DEFAULT_POLL_FACTOR));
        ioThread.setPollShrink(notZero(properties.pollShrink(), DEFAULT_POLL_FACTOR));
        aioMaxBatch = orElse(properties.aioMaxBatch(), 0);
        threadPoolMin = orElse(properties.threadPoolMin(), 0);
        threadPoolMax = orElse(properties.threadPoolMax(), DEFAULT_THREAD_POOL_MAX);
        pollWeight = notZero(properties.pollWeight(), DEFAULT_POLL_WEIGHT);
        if (threadPoolMin > threadPoolMax || threadPoolMax == 0 || threadPoolMax > Integer.MAX_VALUE) {
            throw QapiException.generic("bad thread-pool-min/thread-pool-max values");
        }
    }

    private static long orElse(@Nullable Long value, long other) {
        return value == null ? other : value;
    }

    /** Here 0 asks for the default. */
    private static long notZero(@Nullable Long value, long other) {
        return value == null || value == 0 ? other : value;
    }

    /** Looks at the numbers in the given order, so that of several bad ones the same is named as in QEMU. */
    static void checkRanges(ObjectNode properties, String[] order) {
        for (String name : order) {
            Long largest = LARGEST.get(name);
            if (largest != null) {
                long value = properties.get(name).longValue();
                if (value < 0 || value > largest) {
                    throw QapiException.generic("%s value must be in range [0, %d]", name, largest);
                }
            }
        }
    }

    IoThread ioThread() {
        return ioThread;
    }

    @Override
    public String qomType() {
        return "iothread";
    }

    @Override
    public List<QomProperty> properties() {
        return List.of(
                number("thread-pool-min", () -> threadPoolMin),
                number("aio-max-batch", () -> aioMaxBatch),
                number("thread-pool-max", () -> threadPoolMax),
                number("poll-max-ns", ioThread::pollMaxNanos),
                number("poll-weight", () -> pollWeight),
                number("poll-grow", ioThread::pollGrow),
                number("poll-shrink", ioThread::pollShrink));
    }

    private static QomProperty number(String name, LongSupplier value) {
        return new QomProperty(name, "int", () -> LongNode.valueOf(value.getAsLong()));
    }
}
