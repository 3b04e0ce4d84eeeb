package org.qsd4j.qom;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QDictOrder;
import org.qsd4j.qapi.QapiException;

/**
 * What has an event loop in QEMU, with the numbers that tune it. A request of ours runs to completion on its own thread, so
 * that the size of a thread pool and of a batch are kept for who asks for them, and change nothing. QEMU: EventLoopBase.
 * Main loop.
 */
abstract class EventLoopObject implements QomObject {
    private static final long DEFAULT_THREAD_POOL_MAX = 64;
    private static final String BAD_POOL = "bad thread-pool-min/thread-pool-max values";

    private final Map<String, Long> numbers = new LinkedHashMap<>();
    private boolean complete;

    EventLoopObject() {
        // In the order in which qom-list shows them.
        numbers.put("thread-pool-min", 0L);
        numbers.put("aio-max-batch", 0L);
        numbers.put("thread-pool-max", DEFAULT_THREAD_POOL_MAX);
    }

    /** Sets the properties of a new object in QEMU's order, so that of several bad ones the same is named. */
    final void setAll(ObjectNode options) {
        for (String name : QDictOrder.keys(options)) {
            if (largest(name) != null) {
                set(name, options.get(name).longValue());
            }
        }
    }

    /** Checks how the numbers fit together; from now on each change does. */
    final void complete() {
        checkPool();
        complete = true;
    }

    /** The largest value of a number, or null if there is no such number. The smallest is 0. */
    @Nullable
    Long largest(String name) {
        return numbers.containsKey(name) ? Long.MAX_VALUE : null;
    }

    /** As in QEMU, a pool size that is refused stays to be seen. */
    private void set(String name, long value) {
        long largest = Objects.requireNonNullElse(largest(name), 0L);
        if (value < 0 || value > largest) {
            throw QapiException.generic("%s value must be in range [0, %d]", name, largest);
        }
        apply(name, value);
        if (complete) {
            checkPool();
        }
    }

    /** @param value in its range */
    void apply(String name, long value) {
        numbers.put(name, value);
    }

    long number(String name) {
        Long value = numbers.get(name);
        return value == null ? 0 : value;
    }

    private void checkPool() {
        long min = number("thread-pool-min");
        long max = number("thread-pool-max");
        if (min > max || max == 0 || max > Integer.MAX_VALUE) {
            throw QapiException.generic(BAD_POOL);
        }
    }

    @Override
    public final List<QomProperty> properties() {
        List<QomProperty> properties = new ArrayList<>();
        for (QomTypeProperties.Property property : QomTypeProperties.of(qomType())) {
            String name = property.name();
            properties.add(QomValues.integer(name, () -> number(name), value -> set(name, value)));
        }
        return properties;
    }
}
