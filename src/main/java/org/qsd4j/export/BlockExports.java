package org.qsd4j.export;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.IoThread;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.Permission;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockExportInfo;
import org.qsd4j.qapi.gen.BlockExportIothreads;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockExportRemoveMode;
import org.qsd4j.qapi.gen.BlockExportType;
import org.qsd4j.qapi.gen.QapiEvents;
import org.qsd4j.trace.TracePoint;
import org.qsd4j.util.Identifier;

/**
 * The exports there are, by id. Everything here belongs to the main loop, except that an export's last reference may go
 * on any thread: {@link #lastReferenceGone} hands it over.
 */
public final class BlockExports {
    /**
     * How long a deletion waits for the export's threads, so that the event precedes the reply as clients of QEMU are used
     * to. What takes longer (a request that a slow disk holds) ends by itself later.
     */
    private static final long DELETE_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private static final long IN_USE_WAIT_NANOS = 50_000_000L;
    private static final long IN_USE_POLL_NANOS = 100_000L;

    private final MainLoop mainLoop;
    private final BlockGraph graph;
    private final Function<String, @Nullable IoThread> ioThreads;
    private final Consumer<QapiEvent> events;
    private final Map<BlockExportType, BlockExportDriver> drivers = new EnumMap<>(BlockExportType.class);
    private final Map<String, BlockExport> exports = new LinkedHashMap<>();

    /** Exports without references, on their way to the main loop. */
    private final LinkedBlockingQueue<BlockExport> unreferenced = new LinkedBlockingQueue<>();

    /**
     * @param ioThreads finds an iothread by its id, null if there is none
     * @param events where BLOCK_EXPORT_DELETED goes; called on the main loop
     */
    public BlockExports(
            MainLoop mainLoop,
            BlockGraph graph,
            Function<String, @Nullable IoThread> ioThreads,
            Consumer<QapiEvent> events,
            List<BlockExportDriver> drivers) {
        this.mainLoop = mainLoop;
        this.graph = graph;
        this.ioThreads = ioThreads;
        this.events = events;
        drivers.forEach(driver -> this.drivers.put(driver.type(), driver));
    }

    /** {@code block-export-add}; the checks come in QEMU's order. */
    @MainThread
    public void add(BlockExportOptions options) {
        mainLoop.assertInLoop();
        String id = options.id();
        if (!Identifier.isWellFormed(id)) {
            throw QapiException.generic("Invalid block export id");
        }
        if (exports.containsKey(id)) {
            throw QapiException.generic("Block export id '%s' is already in use", id);
        }
        BlockExportDriver driver = drivers.get(options.type());
        if (driver == null) {
            throw QapiException.generic("No driver found for the requested export type");
        }
        boolean writable = isTrue(options.writable());
        BlockNode node = graph.lookup(null, options.nodeName());
        if (node.isReadOnly() && writable) {
            throw QapiException.generic("Cannot export read-only node as writable");
        }
        List<IoThread> threads = resolveIoThreads(options);
        boolean multiThreaded = options.iothread() instanceof BlockExportIothreads.Multi;
        if (!multiThreaded && !threads.isEmpty()) {
            moveNode(threads.get(0), node, isTrue(options.fixedIothread()));
        }
        if (isTrue(options.allowInactive()) && !driver.supportsInactive()) {
            throw QapiException.generic("Export type does not support inactive exports");
        }
        if (!isTrue(options.allowInactive())) {
            node = graph.activate(node);
        }
        int permissions =
                Permission.CONSISTENT_READ | (writable ? Permission.WRITE : 0) | driver.extraPermissions(options);
        boolean active = node.flags().active();
        int granted = active ? permissions : 0;
        BlockBackend blk = graph.newBackend(node, granted, Permission.ALL);
        if (!active) {
            blk.setPermissionsWhenActive(permissions, Permission.ALL);
        }
        if (isTrue(options.allowInactive())) {
            blk.setForceAllowInactivate();
        }
        blk.setThreadFixed(isTrue(options.fixedIothread()));
        blk.setWritethrough(isTrue(options.writethrough()));
        BlockExportSetup setup =
                new BlockExportSetup(this, id, options.nodeName(), blk, threads, multiThreaded, writable);
        boolean created = false;
        try {
            exports.put(id, driver.create(setup, options));
            created = true;
            if (TracePoint.BLK_EXP_ADD.isOn()) {
                TracePoint.BLK_EXP_ADD.log("id %s type %s", id, options.type().wireName());
            }
        } finally {
            if (!created) {
                blk.close();
            }
        }
    }

    private List<IoThread> resolveIoThreads(BlockExportOptions options) {
        BlockExportIothreads wanted = options.iothread();
        if (wanted == null) {
            return List.of();
        }
        if (wanted instanceof BlockExportIothreads.Single single) {
            return List.of(ioThread(single.value()));
        }
        if (isTrue(options.fixedIothread())) {
            throw QapiException.generic("Cannot use fixed-iothread for a multi-threaded export");
        }
        List<String> ids = ((BlockExportIothreads.Multi) wanted).value();
        if (ids.isEmpty()) {
            throw QapiException.generic("The set of I/O threads must not be empty");
        }
        return ids.stream().map(this::ioThread).toList();
    }

    private IoThread ioThread(String id) {
        IoThread thread = ioThreads.apply(id);
        if (thread == null) {
            throw QapiException.generic("iothread \"%s\" not found", id);
        }
        return thread;
    }

    /** The node follows its newest export, unless another user keeps it; only who insists minds. */
    private void moveNode(IoThread thread, BlockNode node, boolean insists) {
        try {
            graph.moveTo(thread, node);
        } catch (QapiException e) {
            if (insists) {
                throw e;
            }
        }
    }

    private static boolean isTrue(@Nullable Boolean option) {
        return Boolean.TRUE.equals(option);
    }

    /** {@code block-export-del}. The export is usually gone, and its event sent, when this returns. */
    @MainThread
    public void remove(String id, @Nullable BlockExportRemoveMode mode) {
        mainLoop.assertInLoop();
        BlockExport export = exports.get(id);
        if (export == null) {
            throw QapiException.generic("Export '%s' is not found", id);
        }
        if (export.isShuttingDown()) {
            throw QapiException.generic("Export '%s' is already shutting down", id);
        }
        if (mode != BlockExportRemoveMode.HARD && staysInUse(export)) {
            throw QapiException.generic("export '%s' still in use", id);
        }
        export.shutDown();
        reapUntil(() -> !isRegistered(export), DELETE_WAIT_NANOS);
    }

    /**
     * A client that has just left counts until its thread has seen that: nobody waits for a file's closing over FUSE, nor
     * for a socket's.
     */
    private static boolean staysInUse(BlockExport export) {
        long deadlineNanos = System.nanoTime() + IN_USE_WAIT_NANOS;
        while (export.isInUse()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                return true;
            }
            LockSupport.parkNanos(IN_USE_POLL_NANOS);
        }
        return false;
    }

    /** The export of that name, or null. */
    @MainThread
    public @Nullable BlockExport find(String id) {
        mainLoop.assertInLoop();
        return exports.get(id);
    }

    /** {@code query-block-exports}: the newest first. */
    @MainThread
    public List<BlockExportInfo> query() {
        mainLoop.assertInLoop();
        List<BlockExportInfo> infos = new ArrayList<>();
        exports.values().forEach(export -> infos.add(0, export.info()));
        return infos;
    }

    /** Shuts every export of a type down, as the end of an NBD server does, and waits for them. */
    @MainThread
    public void closeAll(BlockExportType type, long timeoutNanos) {
        closeWhere(export -> export.type() == type, timeoutNanos);
    }

    /**
     * Shuts every export down and waits for them.
     *
     * @return false if some are still not gone after {@code timeoutNanos}
     */
    @MainThread
    public boolean closeAll(long timeoutNanos) {
        closeWhere(export -> true, timeoutNanos);
        return exports.isEmpty();
    }

    /** All of them end at the same time; their events come newest export first, as a client sees them from QEMU. */
    private void closeWhere(Predicate<BlockExport> which, long timeoutNanos) {
        mainLoop.assertInLoop();
        List<BlockExport> closing =
                new ArrayList<>(exports.values().stream().filter(which).toList());
        Collections.reverse(closing);
        closing.forEach(BlockExport::shutDown);
        long deadlineNanos = System.nanoTime() + timeoutNanos;
        Set<BlockExport> ended = new LinkedHashSet<>();
        for (BlockExport export : closing) {
            if (isRegistered(export) && awaitUnreferenced(export, ended, deadlineNanos)) {
                ended.remove(export);
                delete(export);
            }
        }
        ended.forEach(this::delete);
    }

    private boolean isRegistered(BlockExport export) {
        return exports.get(export.id()) == export;
    }

    /** Collects what has ended until {@code export} is among it. */
    private boolean awaitUnreferenced(BlockExport export, Set<BlockExport> ended, long deadlineNanos) {
        while (!ended.contains(export)) {
            BlockExport next = pollUnreferenced(deadlineNanos);
            if (next == null) {
                return false;
            }
            ended.add(next);
        }
        return true;
    }

    @ThreadSafe
    void lastReferenceGone(BlockExport export) {
        unreferenced.add(export);
        mainLoop.execute(this::reap);
    }

    @MainThread
    private void reap() {
        BlockExport export = unreferenced.poll();
        while (export != null) {
            delete(export);
            export = unreferenced.poll();
        }
    }

    @MainThread
    private void reapUntil(BooleanSupplier done, long timeoutNanos) {
        long deadlineNanos = System.nanoTime() + timeoutNanos;
        while (!done.getAsBoolean()) {
            BlockExport export = pollUnreferenced(deadlineNanos);
            if (export == null) {
                return;
            }
            delete(export);
        }
    }

    private @Nullable BlockExport pollUnreferenced(long deadlineNanos) {
        try {
            return unreferenced.poll(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private void delete(BlockExport export) {
        export.delete();
        exports.remove(export.id(), export);
        export.blk().close();
        if (TracePoint.BLK_EXP_DELETED.isOn()) {
            TracePoint.BLK_EXP_DELETED.log("id %s", export.id());
        }
        events.accept(QapiEvents.blockExportDeleted(export.id()));
    }
}
