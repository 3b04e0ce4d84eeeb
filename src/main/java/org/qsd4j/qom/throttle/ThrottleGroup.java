package org.qsd4j.qom.throttle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QDictOrder;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ThrottleGroupProperties;
import org.qsd4j.qapi.gen.ThrottleLimits;
import org.qsd4j.qom.QomObject;
import org.qsd4j.qom.QomProperty;

/**
 * Limits that its members share. QEMU: {@code ThrottleGroup}. Of each direction one waiting request has its turn: its
 * thread sleeps as long as the buckets want, then passes the turn on to the next member that has one waiting. All
 * others sleep until they are woken.
 */
public final class ThrottleGroup implements QomObject {
    private static final String LIMITS = "limits";

    /** In the order of qom-list. */
    private static final List<String> PROPERTIES = List.of(
            "x-bps-write-max-length",
            "x-iops-total-max-length",
            "x-iops-size",
            LIMITS,
            "x-bps-total",
            "x-iops-read-max-length",
            "x-bps-write",
            "x-iops-write-max-length",
            "x-bps-read-max",
            "x-iops-read-max",
            "x-bps-total-max",
            "x-bps-read-max-length",
            "x-iops-read",
            "x-bps-read",
            "x-bps-write-max",
            "x-iops-total-max",
            "x-iops-total",
            "x-iops-write",
            "x-bps-total-max-length",
            "x-iops-write-max");

    private final String id;

    /** Guards the state, the members and their queues. */
    private final Object lock = new Object();

    private final List<ThrottleMember> members = new ArrayList<>();
    private ThrottleState state;

    /** Whose turn it is, of each direction: reads, writes. */
    private final @Nullable ThrottleWait[] turn = new @Nullable ThrottleWait[2];

    /** The member that was served last, of each direction: an index that may be stale. */
    private final int[] lastServed = new int[2];

    /** Written by the main loop, under the lock. */
    private volatile ThrottleConfig config;

    private volatile boolean limitsAnything;

    /** @throws QapiException if the limits contradict each other */
    public ThrottleGroup(String id, ThrottleGroupProperties properties) {
        this.id = id;
        this.config = initial(properties.toJson()).check();
        this.limitsAnything = config.limitsAnything();
        this.state = new ThrottleState(config, System.nanoTime());
    }

    private static ThrottleConfig initial(ObjectNode properties) {
        ThrottleConfig config = ThrottleConfig.NONE;
        for (String name : QDictOrder.keys(properties)) {
            JsonNode value = properties.get(name);
            config = value instanceof ObjectNode limits
                    ? config.with(limits)
                    : config.withProperty(name, value.longValue());
        }
        return config;
    }

    /** A new member; it leaves by {@link ThrottleMember#leave}. */
    @MainThread
    public ThrottleMember join() {
        ThrottleMember member = new ThrottleMember(this);
        synchronized (lock) {
            members.add(member);
        }
        return member;
    }

    void remove(ThrottleMember member) {
        synchronized (lock) {
            members.remove(member);
        }
    }

    boolean limitsAnything() {
        return limitsAnything;
    }

    @ThreadSafe
    void await(ThrottleMember member, boolean write, long bytes) {
        ThrottleWait wait = passOrQueue(member, write, bytes);
        boolean interrupted = false;
        while (wait != null) {
            long nanos = remaining(member, write, wait);
            if (nanos == 0) {
                break;
            }
            LockSupport.parkNanos(this, nanos);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Null if the request may go ahead at once. */
    private @Nullable ThrottleWait passOrQueue(ThrottleMember member, boolean write, long bytes) {
        int direction = direction(write);
        synchronized (lock) {
            boolean passes =
                    member.isUnlimited() || (turn[direction] == null && state.waitNanos(write, System.nanoTime()) == 0);
            if (passes) {
                state.account(write, bytes);
                return null;
            }
            ThrottleWait wait = new ThrottleWait(bytes);
            member.waiting(write).add(wait);
            if (turn[direction] == null) {
                turn[direction] = wait;
                lastServed[direction] = members.indexOf(member);
            }
            return wait;
        }
    }

    /** How long to sleep, at most; 0 if the request may go ahead, which it is then counted for. */
    private long remaining(ThrottleMember member, boolean write, ThrottleWait wait) {
        int direction = direction(write);
        synchronized (lock) {
            if (wait.granted) {
                return 0;
            }
            if (turn[direction] != wait) {
                return Long.MAX_VALUE;
            }
            long nanos = state.waitNanos(write, System.nanoTime());
            if (nanos == 0) {
                state.account(write, wait.bytes);
                member.waiting(write).remove();
                passTurn(write);
            }
            return nanos;
        }
    }

    /** To the next member with a request that waits, round and round. */
    private void passTurn(boolean write) {
        int direction = direction(write);
        turn[direction] = null;
        for (int i = 1; i <= members.size(); i++) {
            int next = (lastServed[direction] + i) % members.size();
            ThrottleWait first = members.get(next).waiting(write).peek();
            if (first != null) {
                turn[direction] = first;
                lastServed[direction] = next;
                first.wake();
                return;
            }
        }
    }

    /** Whatever waits in a member goes ahead. */
    void releaseAll(ThrottleMember member) {
        synchronized (lock) {
            releaseAll(member, false);
            releaseAll(member, true);
        }
    }

    private void releaseAll(ThrottleMember member, boolean write) {
        ArrayDeque<ThrottleWait> waiting = member.waiting(write);
        boolean hadTurn = waiting.peek() != null && waiting.peek() == turn[direction(write)];
        for (ThrottleWait wait : waiting) {
            state.account(write, wait.bytes);
            wait.granted = true;
            wait.wake();
        }
        waiting.clear();
        if (hadTurn) {
            passTurn(write);
        }
    }

    private static int direction(boolean write) {
        return write ? 1 : 0;
    }

    /** New limits hold from now on, for those that wait too. */
    @MainThread
    private void setLimits(JsonNode value) {
        ObjectNode named = JsonNodeFactory.instance.objectNode();
        named.set(LIMITS, value);
        JsonInputVisitor visitor = new JsonInputVisitor(named);
        visitor.startStruct(null);
        ThrottleConfig changed =
                config.with(ThrottleLimits.visit(visitor, LIMITS).toJson()).check();
        synchronized (lock) {
            config = changed;
            state = new ThrottleState(changed, System.nanoTime());
            limitsAnything = changed.limitsAnything();
            for (ThrottleWait wait : turn) {
                if (wait != null) {
                    wait.wake();
                }
            }
        }
    }

    @Override
    public String qomType() {
        return "throttle-group";
    }

    @Override
    public List<QomProperty> properties() {
        return PROPERTIES.stream().map(this::property).toList();
    }

    private QomProperty property(String name) {
        if (name.equals(LIMITS)) {
            return new QomProperty(name, "ThrottleLimits", () -> config.toJson(), this::setLimits);
        }
        return new QomProperty(name, "int", () -> config.get(name.substring("x-".length())), value -> {
            throw QapiException.generic("Property cannot be set after initialization");
        });
    }

    @Override
    public void checkDeletable() {
        synchronized (lock) {
            if (!members.isEmpty()) {
                throw QapiException.generic("Cannot delete throttle group '%s' with active references", id);
            }
        }
    }
}
