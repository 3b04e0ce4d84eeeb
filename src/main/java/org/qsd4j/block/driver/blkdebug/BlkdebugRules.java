package org.qsd4j.block.driver.blkdebug;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.qapi.gen.BlkdebugIOType;
import org.qsd4j.qapi.gen.BlkdebugSetStateOptions;

/**
 * The rules, and which of them are in force. An event that some rule for errors waits for replaces all rules that were in
 * force; the newest rule that fits a request decides.
 */
@ThreadSafe
final class BlkdebugRules {
    private final List<InjectError> errors;
    private final List<BlkdebugSetStateOptions> transitions;
    private final Set<BlkdebugEvent> awaited = EnumSet.noneOf(BlkdebugEvent.class);

    /** Guarded by this. */
    private long state = 1;

    /** The rules in force, the one that counts most first. Replaced under the lock, never changed. */
    private volatile List<InjectError> active = List.of();

    BlkdebugRules(List<InjectError> errors, List<BlkdebugSetStateOptions> transitions) {
        this.errors = new ArrayList<>(errors);
        Collections.reverse(this.errors);
        this.transitions = List.copyOf(transitions);
        errors.forEach(rule -> awaited.add(rule.event()));
        transitions.forEach(rule -> awaited.add(rule.event()));
    }

    void event(BlkdebugEvent event) {
        if (awaited.contains(event)) {
            process(event);
        }
    }

    private synchronized void process(BlkdebugEvent event) {
        List<InjectError> injected = new ArrayList<>();
        for (InjectError rule : errors) {
            if (rule.event() == event && isState(rule.state())) {
                injected.add(0, rule);
            }
        }
        if (!injected.isEmpty()) {
            active = List.copyOf(injected);
        }
        long newState = state;
        for (BlkdebugSetStateOptions rule : transitions) {
            if (rule.event() == event && isState(rule.state() == null ? 0 : rule.state())) {
                newState = rule.newState();
            }
        }
        state = newState;
    }

    private boolean isState(long wanted) {
        return wanted == 0 || wanted == state;
    }

    /** 0, or -errno for a request that has to fail. */
    int check(BlkdebugIOType ioType, long offset, long bytes) {
        InjectError rule = find(ioType, offset, bytes);
        if (rule == null) {
            return 0;
        }
        sleep(rule.delayNanos());
        return -rule.errno();
    }

    private @Nullable InjectError find(BlkdebugIOType ioType, long offset, long bytes) {
        for (InjectError rule : active) {
            if (rule.concerns(ioType, offset, bytes)) {
                return !rule.once() || remove(rule) ? rule : find(ioType, offset, bytes);
            }
        }
        return null;
    }

    /** False if another request was first. The rule never comes into force again. */
    private synchronized boolean remove(InjectError rule) {
        List<InjectError> left = new ArrayList<>(active);
        if (!left.remove(rule)) {
            return false;
        }
        errors.remove(rule);
        active = List.copyOf(left);
        return true;
    }

    private static void sleep(long nanos) {
        long deadlineNanos = System.nanoTime() + nanos;
        for (long left = nanos; left > 0 && !Thread.currentThread().isInterrupted(); ) {
            LockSupport.parkNanos(left);
            left = deadlineNanos - System.nanoTime();
        }
    }
}
