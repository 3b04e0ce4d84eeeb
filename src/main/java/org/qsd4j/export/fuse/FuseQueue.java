package org.qsd4j.export.fuse;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.IoThreadConfined;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.export.fuse.wire.FuseInHeader;
import org.qsd4j.export.fuse.wire.FuseOpcode;
import org.qsd4j.export.fuse.wire.FuseOutHeader;
import org.qsd4j.export.fuse.wire.FuseWrite;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.MappedMemory;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.sys.Poller;

/**
 * A thread with a /dev/fuse descriptor of its own: it reads a request, has it answered, writes the reply. QEMU: {@code
 * FuseQueue}.
 *
 * <pre>
 * memory:   … | in header 40 | argument 40 | data of a WRITE        one read(2) ends up here
 *                        … | out header 16 | payload of the reply    one write(2) starts here
 *                                          ^ a page's start
 * </pre>
 *
 * <p>The descriptor is non-blocking; when there is nothing to read the thread spins a little and then sleeps in epoll.
 * It closes the descriptor itself when it ends: nobody else may, since the number would be reused under its feet.
 */
@IoThreadConfined
final class FuseQueue implements FuseTransport {
    private static final int PAYLOAD_AT = 4096;
    private static final int IN_AT = PAYLOAD_AT - FuseInHeader.SIZE - FuseWrite.IN_SIZE;
    private static final int ARGUMENT_AT = IN_AT + FuseInHeader.SIZE;
    private static final int OUT_AT = PAYLOAD_AT - FuseOutHeader.SIZE;

    /** A queue that has nothing to do gives its big pages back. */
    private static final int IDLE_MILLIS = 10_000;

    private static final long IDLE_NANOS = IDLE_MILLIS * 1_000_000L;

    /** A helper that sleeps so long on the device goes back to its bench. */
    private static final int HELPER_SLEEP_MILLIS = 100;

    /** A helper that was woken in vain so much oftener than not does so too. */
    private static final int MAX_VAIN = 8;

    /** So many requests without a pause, and another thread pays. */
    private static final int BACKLOG = 16;

    private static final VarHandle BENCHED;

    static {
        try {
            BENCHED = MethodHandles.lookup().findVarHandle(FuseQueue.class, "benched", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final FuseExport export;
    private final int fuseFd;
    private final Poller poller;
    private final AdaptiveSpin spin;
    private final FuseDispatch dispatch;
    private final DiskWaits waits = new DiskWaits();
    private final MappedMemory mapped;
    private final NativeBuffer memory;
    private final long readAddress;
    private final int readCapacity;
    private final long writeAddress;
    private final FuseRequest request;

    /** The queue waits in {@link #bench}. Set by itself, cleared by whoever calls it up. */
    @SuppressWarnings("unused") // through BENCHED
    private boolean benched;

    private final Role role;
    private volatile @Nullable Thread thread;
    private boolean dirty;
    private int backlog;
    private int vain;

    /** When a queue works. */
    enum Role {
        /** Always: it sleeps on the device. */
        LEADER,

        /** While others can't keep up. A second sleeper on the device would be woken for every request, mostly in vain. */
        HELPER,

        /** As a helper, but it ends when it has not been needed for a while. */
        PASSING_HELPER
    }

    /** Takes the descriptor and the poller over. */
    FuseQueue(FuseExport export, int fuseFd, Poller poller, IoThread settings, Role role) {
        this.export = export;
        this.role = role;
        this.fuseFd = fuseFd;
        this.poller = poller;
        this.spin = new AdaptiveSpin(settings);
        this.dispatch = new FuseDispatch(export);
        this.mapped = MappedMemory.map(PAYLOAD_AT + export.maxBytes());
        this.memory = mapped.buffer();
        this.readCapacity = memory.capacity() - IN_AT;
        this.readAddress = memory.address(IN_AT, readCapacity);
        this.writeAddress = memory.address(OUT_AT, memory.capacity() - OUT_AT);
        this.request = new FuseRequest(memory, IN_AT, ARGUMENT_AT, PAYLOAD_AT);
    }

    @Override
    @ThreadSafe
    public boolean isBusy() {
        return dispatch.isBusy();
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        try {
            while (serveOne()) {}
        } finally {
            discard();
            export.queueEnded(this);
        }
    }

    @Override
    public void discard() {
        Libc.close(fuseFd);
        poller.close();
        mapped.unmap();
    }

    /** Takes and answers a request, sleeping until there is one. */
    private boolean serveOne() {
        long bytes = Libc.read(fuseFd, readAddress, readCapacity);
        if (bytes == -Errno.EAGAIN) {
            backlog = 0;
            if (vain >= MAX_VAIN && !bench()) {
                return false;
            }
            bytes = await();
        }
        if (bytes >= 0) {
            return serve(bytes) && !export.isStopping();
        }
        return switch ((int) -bytes) {
            // ENOENT: whoever asked has given up meanwhile.
            case Errno.EAGAIN, Errno.EINTR, Errno.ENOENT -> !export.isStopping();
            case Errno.ENODEV, Errno.ECONNABORTED -> {
                export.connectionLost();
                yield false;
            }
            default -> {
                export.halt(0, "Failed to read from FUSE device: " + Errno.message((int) -bytes));
                yield false;
            }
        };
    }

    private long await() {
        long start = System.nanoTime();
        long spinNanos = spin.nanos();
        long waited = 0;
        while (waited < spinNanos && !export.isStopping()) {
            Thread.onSpinWait();
            long bytes = Libc.read(fuseFd, readAddress, readCapacity);
            waited = System.nanoTime() - start;
            if (bytes != -Errno.EAGAIN) {
                spin.waited(waited);
                return bytes;
            }
        }
        sleep();
        spin.waited(System.nanoTime() - start);
        long bytes = Libc.read(fuseFd, readAddress, readCapacity);
        if (role != Role.LEADER) {
            vain = bytes < 0 ? vain + 1 : Math.max(0, vain - 1);
        }
        return bytes;
    }

    private void sleep() {
        waits.sleeping();
        if (role != Role.LEADER) {
            if (poller.await(HELPER_SLEEP_MILLIS) < 0) {
                vain = MAX_VAIN;
            }
        } else if (!dirty) {
            poller.await(-1);
        } else if (poller.await(IDLE_MILLIS) < 0) {
            releasePages();
        }
    }

    private void releasePages() {
        if (dirty) {
            mapped.release(PAYLOAD_AT + NativeBuffer.ALIGNMENT);
            dirty = false;
        }
    }

    /**
     * A helper waits here until others need it.
     *
     * @return false if the queue had better end
     */
    private boolean bench() {
        vain = 0;
        BENCHED.setVolatile(this, true);
        while (isBenched()) {
            if (export.isStopping()) {
                return false;
            }
            long deadline = System.nanoTime() + IDLE_NANOS;
            LockSupport.parkNanos(this, IDLE_NANOS);
            if (System.nanoTime() - deadline >= 0) {
                if (role == Role.PASSING_HELPER && BENCHED.compareAndSet(this, true, false)) {
                    return false;
                }
                releasePages();
            }
        }
        return true;
    }

    @ThreadSafe
    boolean isBenched() {
        return (boolean) BENCHED.getVolatile(this);
    }

    /** Calls a benched helper up; false if it isn't one. */
    @ThreadSafe
    boolean callUp() {
        boolean called = BENCHED.compareAndSet(this, true, false);
        if (called) {
            LockSupport.unpark(thread);
        }
        return called;
    }

    /** For a helper on its bench; all others sleep on the stop event, too. */
    @Override
    @ThreadSafe
    public void wake() {
        LockSupport.unpark(thread);
    }

    private boolean serve(long bytes) {
        if (bytes < FuseInHeader.SIZE) {
            export.halt(
                    0,
                    "Incomplete read from FUSE device, expected at least " + FuseInHeader.SIZE + " bytes, read " + bytes
                            + " bytes; cannot trust subsequent requests, halting the export");
            return false;
        }
        if (FuseInHeader.len(memory, IN_AT) != bytes) {
            export.halt(
                    0,
                    "Number of bytes read from FUSE device does not match request size, expected "
                            + Integer.toUnsignedString(FuseInHeader.len(memory, IN_AT)) + " bytes, read " + bytes
                            + " bytes; cannot trust subsequent requests, halting the export");
            return false;
        }
        long unique = FuseInHeader.unique(memory, IN_AT);
        request.argumentBytes = (int) bytes - FuseInHeader.SIZE;
        request.payloadBytes =
                request.opcode() == FuseOpcode.FUSE_WRITE ? Math.max(0, request.argumentBytes - FuseWrite.IN_SIZE) : 0;
        boolean init = request.opcode() == FuseOpcode.FUSE_INIT;
        long start = System.nanoTime();
        int result = dispatch.handle(request);
        long now = System.nanoTime();
        askForHelp(waits.hasWaited(now - start, now));
        dirty |= bytes > NativeBuffer.ALIGNMENT || result > NativeBuffer.ALIGNMENT;
        boolean going = result == FuseRequest.NO_REPLY || reply(unique, result);
        if (init) {
            export.initialised(going);
        }
        return going;
    }

    private void askForHelp(boolean waited) {
        if (waited) {
            export.callHelper(true);
        } else if (++backlog >= BACKLOG) {
            backlog = 0;
            export.callHelper(false);
        }
    }

    private boolean reply(long unique, int result) {
        int length = FuseOutHeader.SIZE + Math.max(0, result);
        FuseOutHeader.put(memory, OUT_AT, length, Math.min(0, result), unique);
        long written = Libc.write(fuseFd, writeAddress, length);
        while (written == -Errno.EINTR || written == -Errno.EAGAIN) {
            written = Libc.write(fuseFd, writeAddress, length);
        }
        if (written == length || written == -Errno.ENOENT) {
            return true;
        }
        if (written == -Errno.ENODEV) {
            export.connectionLost();
            return false;
        }
        export.report(
                written < 0
                        ? "Failed to write to FUSE device: " + Errno.message((int) -written)
                        : "Short write to FUSE device, wrote " + written + " of " + length + " bytes");
        return true;
    }
}
