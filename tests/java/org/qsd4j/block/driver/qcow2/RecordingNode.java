package org.qsd4j.block.driver.qcow2;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * A file in memory that keeps a log of every write and flush, from which it can be rebuilt as a power cut would leave it;
 * and that can be told to fail. One thread at a time may cut; requests may come from many.
 */
final class RecordingNode extends BlockNode {
    /** A write, or a flush (null data), or a truncation (null data, offset >= 0). */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Event(long offset, byte[] data) {
        boolean isFlush() {
            return offset < 0;
        }
    }

    private static final byte[] NOTHING = {};
    private static final int SECTOR = 512;

    private byte[] contents;
    private int size;
    private final byte[] initial;
    private final List<Event> log = new ArrayList<>();
    private long operations;
    private long failAt = Long.MAX_VALUE;
    private long failures;
    private int errno;

    /** Writes behind this get ENOSPC. */
    private final long limit;

    RecordingNode(byte[] initial) {
        this(initial, Integer.MAX_VALUE / 4);
    }

    RecordingNode(byte[] initial, long limit) {
        this(TestImage.request(false), initial, limit);
    }

    private RecordingNode(OpenRequest request, byte[] initial, long limit) {
        super(request);
        this.initial = initial;
        this.limit = limit;
        this.contents = initial.clone();
        this.size = initial.length;
        setLength(size);
    }

    /** Takes the place of null-aio in a graph, with one node. */
    static final class Driver implements BlockDriver {
        private final byte[] initial;
        private @Nullable RecordingNode node;

        Driver(byte[] initial) {
            this.initial = initial;
        }

        RecordingNode node() {
            return Objects.requireNonNull(node);
        }

        @Override
        public String formatName() {
            return "null-aio";
        }

        @Override
        public boolean isProtocol() {
            return true;
        }

        @Override
        public BlockNode open(OpenRequest request) {
            node = new RecordingNode(request, initial, Integer.MAX_VALUE / 4);
            return node;
        }
    }

    synchronized List<Event> log() {
        return List.copyOf(log);
    }

    synchronized int events() {
        return log.size();
    }

    /** Changing operations (writes, flushes, zeroes, truncations) so far. */
    synchronized long operations() {
        return operations;
    }

    /** The operation of that number and {@code count - 1} after it fail. */
    synchronized void failAt(long operation, long count, int error) {
        failAt = operation;
        failures = count;
        errno = error;
    }

    private int nextFails() {
        long number = operations++;
        return number >= failAt && number < failAt + failures ? -errno : 0;
    }

    synchronized byte[] contents() {
        return Arrays.copyOf(contents, size);
    }

    @Override
    protected synchronized int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        int inside = (int) Math.max(0, Math.min(bytes, size - Math.min(size, offset)));
        if (inside > 0) {
            buffer.put(at, contents, (int) offset, inside);
        }
        buffer.zero(at + inside, bytes - inside);
        return 0;
    }

    @Override
    protected synchronized int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        int failed = nextFails();
        if (offset + bytes > limit) {
            return -Errno.ENOSPC;
        }
        byte[] data = new byte[bytes];
        buffer.get(at, data, 0, bytes);
        if (failed < 0) {
            if (errno == Errno.EIO && bytes > SECTOR) {
                // A failed write may have reached the disk in part.
                store(offset, Arrays.copyOf(data, bytes / 2 / SECTOR * SECTOR));
            }
            return failed;
        }
        store(offset, data);
        return 0;
    }

    private void store(long offset, byte[] data) {
        log.add(new Event(offset, data));
        int end = Math.toIntExact(offset + data.length);
        if (end > contents.length) {
            contents = Arrays.copyOf(contents, Math.max(end, 2 * contents.length));
        }
        System.arraycopy(data, 0, contents, (int) offset, data.length);
        size = Math.max(size, end);
    }

    @Override
    protected synchronized int doWriteZeroes(long offset, long bytes, int flags) {
        int failed = nextFails();
        if (offset + bytes > limit) {
            return -Errno.ENOSPC;
        }
        if (failed == 0) {
            store(offset, new byte[(int) bytes]);
        }
        return failed;
    }

    @Override
    protected synchronized int doDiscard(long offset, long bytes) {
        int end = (int) Math.min(size, offset + bytes);
        if (offset < end) {
            store(offset, new byte[end - (int) offset]);
        }
        return 0;
    }

    @Override
    protected synchronized int doFlush() {
        int failed = nextFails();
        if (failed == 0) {
            log.add(new Event(-1, NOTHING));
        }
        return failed;
    }

    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    protected void doClose() {}

    /**
     * The file after a power cut behind the first {@code events} events: everything before the last flush among them, and
     * of what came after it each write wholly, in part (by sectors), or not at all, as {@code random} has it; in order if
     * {@code random} is null.
     */
    synchronized byte[] cut(int events, Random random) {
        int flushed = 0;
        for (int i = 0; i < events; i++) {
            if (log.get(i).isFlush()) {
                flushed = i;
            }
        }
        Image image = new Image(initial);
        for (int i = 0; i < events; i++) {
            Event event = log.get(i);
            if (event.isFlush()) {
                continue;
            }
            int kind = i < flushed ? 0 : random.nextInt(4);
            if (kind == 0) {
                image.write(event.offset, event.data, 0, event.data.length);
            } else if (kind == 1) {
                for (int at = 0; at < event.data.length; at += SECTOR) {
                    if (random.nextBoolean()) {
                        image.write(event.offset, event.data, at, Math.min(event.data.length, at + SECTOR));
                    }
                }
            }
        }
        return image.bytes();
    }

    /** Everything up to {@code events}, in order. */
    synchronized byte[] prefix(int events) {
        Image image = new Image(initial);
        for (int i = 0; i < events; i++) {
            Event event = log.get(i);
            if (!event.isFlush()) {
                image.write(event.offset, event.data, 0, event.data.length);
            }
        }
        return image.bytes();
    }

    private static final class Image {
        private byte[] bytes;
        private int end;

        Image(byte[] initial) {
            bytes = initial.clone();
            end = initial.length;
        }

        void write(long offset, byte[] data, int from, int to) {
            int stop = (int) offset + to;
            if (stop > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(stop, 2 * bytes.length));
            }
            System.arraycopy(data, from, bytes, (int) offset + from, to - from);
            end = Math.max(end, stop);
        }

        byte[] bytes() {
            return Arrays.copyOf(bytes, end);
        }
    }
}
