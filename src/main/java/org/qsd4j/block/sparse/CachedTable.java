package org.qsd4j.block.sparse;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.sys.NativeBuffer;

/**
 * Words of the tables in an image file that nobody writes. Keeps slices of it, so that a table of any size costs bounded
 * memory (1 MiB) and none before it is used. A hit takes no lock and allocates nothing.
 */
@ThreadSafe
public final class CachedTable {
    /** The word can't be read. No format has a word of all ones that would be an offset. */
    public static final long FAILED = -1;

    private static final int SLICE = 1 << 12;
    private static final int SLOTS = 256;
    private static final VarHandle LE32 = view(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle BE32 = view(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LE64 = view(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle BE64 = view(long[].class, ByteOrder.BIG_ENDIAN);

    /** {@code bytes} has a word more than a slice, for the words that lie across its end. */
    private static final class Slice {
        private final long index;
        private final byte[] bytes;

        Slice(long index, byte[] bytes) {
            this.index = index;
            this.bytes = bytes;
        }
    }

    private final BlockChild file;
    private final AtomicReferenceArray<@Nullable Slice> slots = new AtomicReferenceArray<>(SLOTS);

    public CachedTable(BlockChild file) {
        this.file = file;
    }

    private static VarHandle view(Class<?> words, ByteOrder order) {
        return MethodHandles.byteArrayViewVarHandle(words, order);
    }

    /** The unsigned word at an offset, or {@link #FAILED}. */
    public long le32(long offset) {
        byte[] slice = slice(offset);
        return slice == null ? FAILED : (int) LE32.get(slice, inSlice(offset)) & 0xffffffffL;
    }

    /** See {@link #le32}. */
    public long be32(long offset) {
        byte[] slice = slice(offset);
        return slice == null ? FAILED : (int) BE32.get(slice, inSlice(offset)) & 0xffffffffL;
    }

    /** The word at an offset, or {@link #FAILED}. */
    public long le64(long offset) {
        byte[] slice = slice(offset);
        return slice == null ? FAILED : (long) LE64.get(slice, inSlice(offset));
    }

    /** See {@link #le64}. */
    public long be64(long offset) {
        byte[] slice = slice(offset);
        return slice == null ? FAILED : (long) BE64.get(slice, inSlice(offset));
    }

    /** The byte at an offset, 0 to 255, or {@link #FAILED}. */
    public long byteAt(long offset) {
        byte[] slice = slice(offset);
        return slice == null ? FAILED : slice[inSlice(offset)] & 0xff;
    }

    private static int inSlice(long offset) {
        return (int) (offset & (SLICE - 1));
    }

    private byte @Nullable [] slice(long offset) {
        if (offset < 0 || offset > BlockNode.MAX_LENGTH - 2 * SLICE) {
            return null;
        }
        long index = offset / SLICE;
        int slot = (int) (index % SLOTS);
        Slice slice = slots.get(slot);
        return slice != null && slice.index == index ? slice.bytes : load(index, slot);
    }

    private byte @Nullable [] load(long index, int slot) {
        int bytes = SLICE + Long.BYTES;
        NativeBuffer buffer = NativeBuffer.allocate(bytes);
        if (file.read(index * SLICE, buffer, 0, bytes) < 0) {
            return null;
        }
        byte[] words = new byte[bytes];
        buffer.get(0, words, 0, bytes);
        slots.set(slot, new Slice(index, words));
        return words;
    }
}
