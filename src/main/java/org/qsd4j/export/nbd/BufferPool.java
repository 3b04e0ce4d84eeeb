package org.qsd4j.export.nbd;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.NativeBuffer;

/**
 * Buffers that connections leave behind, for those that come. Sizes are powers of two; what is kept is bounded, the rest
 * goes to the collector. Buffers hold old contents.
 */
@ThreadSafe
final class BufferPool {
    static final int SMALLEST = 64 << 10;

    private static final int CLASSES = 10;
    private static final long KEPT_BYTES = 64L << 20;

    private final ArrayDeque<NativeBuffer>[] free = newDeques();
    private long kept;

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static ArrayDeque<NativeBuffer>[] newDeques() {
        ArrayDeque<NativeBuffer>[] deques = new ArrayDeque[CLASSES];
        for (int i = 0; i < CLASSES; i++) {
            deques[i] = new ArrayDeque<>();
        }
        return deques;
    }

    /** A buffer of at least {@code bytes} (up to 32 MiB), the caller's until {@link #release}. */
    NativeBuffer acquire(int bytes) {
        int index = index(bytes);
        synchronized (this) {
            NativeBuffer buffer = free[index].pollLast();
            if (buffer != null) {
                kept -= buffer.capacity();
                return buffer;
            }
        }
        return NativeBuffer.allocate(SMALLEST << index);
    }

    synchronized void release(@Nullable NativeBuffer buffer) {
        if (buffer != null && kept + buffer.capacity() <= KEPT_BYTES) {
            kept += buffer.capacity();
            free[index(buffer.capacity())].addLast(buffer);
        }
    }

    /** The same buffer if it is big enough, else one that is. */
    NativeBuffer ensure(@Nullable NativeBuffer buffer, int bytes) {
        if (buffer != null && buffer.capacity() >= bytes) {
            return buffer;
        }
        release(buffer);
        return acquire(bytes);
    }

    private static int index(int bytes) {
        return bytes <= SMALLEST ? 0 : 32 - Integer.numberOfLeadingZeros((bytes - 1) / SMALLEST);
    }
}
