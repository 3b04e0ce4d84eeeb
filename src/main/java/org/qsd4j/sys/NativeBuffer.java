package org.qsd4j.sys;

import com.kenai.jffi.MemoryIO;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A piece of native memory that starts on a page, or if it is smaller than that, on a multiple of its own size, so that
 * O_DIRECT and /dev/fuse take it as it is. Offsets and lengths are
 * bytes from its start; every access is checked against {@link #capacity()}.
 *
 * <p>The memory lives as long as this object is reachable: keep it in a field of whoever does the I/O. Contents are
 * zeroes at first. Not synchronised: one owner at a time, or reads only.
 */
public final class NativeBuffer {
    /** What O_DIRECT and the kernel's page mapping want. */
    public static final int ALIGNMENT = 4096;

    private final ByteBuffer little;
    private final ByteBuffer big;
    private final long address;
    private final int capacity;

    private NativeBuffer(ByteBuffer bytes) {
        this.little = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        this.big = bytes.duplicate().order(ByteOrder.BIG_ENDIAN);
        this.address = MemoryIO.getInstance().getDirectBufferAddress(bytes);
        this.capacity = bytes.capacity();
    }

    /** New memory of {@code capacity} bytes (any positive number), all zeroes. */
    public static NativeBuffer allocate(int capacity) {
        int alignment =
                capacity >= ALIGNMENT ? ALIGNMENT : Math.max(Long.BYTES, Integer.highestOneBit(2 * capacity - 1));
        int rounded = Math.addExact(capacity, 2 * alignment - 1) & -alignment;
        ByteBuffer aligned = ByteBuffer.allocateDirect(rounded).alignedSlice(alignment);
        return new NativeBuffer(aligned.slice(0, capacity));
    }

    /** A direct buffer's memory from its position to its limit, shared, for callers that bring their own. */
    public static NativeBuffer wrap(ByteBuffer direct) {
        if (!direct.isDirect()) {
            throw new IllegalArgumentException("not a direct buffer");
        }
        return new NativeBuffer(direct.slice());
    }

    /** The address of the first byte. */
    public long address() {
        return address;
    }

    /** The address of the byte at {@code offset}, for a native call that reads or writes {@code bytes} there. */
    public long address(int offset, int bytes) {
        Objects.checkFromIndexSize(offset, bytes, capacity);
        return address + offset;
    }

    public int capacity() {
        return capacity;
    }

    public byte getByte(int offset) {
        return little.get(offset);
    }

    public void putByte(int offset, byte value) {
        little.put(offset, value);
    }

    /** Little endian, as the kernel's structures on this architecture. */
    public short getShort(int offset) {
        return little.getShort(offset);
    }

    public void putShort(int offset, short value) {
        little.putShort(offset, value);
    }

    public int getInt(int offset) {
        return little.getInt(offset);
    }

    public void putInt(int offset, int value) {
        little.putInt(offset, value);
    }

    public long getLong(int offset) {
        return little.getLong(offset);
    }

    public void putLong(int offset, long value) {
        little.putLong(offset, value);
    }

    /** Big endian, as qcow2 and NBD. */
    public short getShortBE(int offset) {
        return big.getShort(offset);
    }

    public void putShortBE(int offset, short value) {
        big.putShort(offset, value);
    }

    public int getIntBE(int offset) {
        return big.getInt(offset);
    }

    public void putIntBE(int offset, int value) {
        big.putInt(offset, value);
    }

    public long getLongBE(int offset) {
        return big.getLong(offset);
    }

    public void putLongBE(int offset, long value) {
        big.putLong(offset, value);
    }

    public void get(int offset, byte[] into, int from, int bytes) {
        little.get(offset, into, from, bytes);
    }

    public void put(int offset, byte[] source, int from, int bytes) {
        little.put(offset, source, from, bytes);
    }

    /** Copies between buffers, or inside one: overlapping ranges are fine. */
    public void copyFrom(int offset, NativeBuffer source, int sourceOffset, int bytes) {
        try {
            Libc.memmove(address(offset, bytes), source.address(sourceOffset, bytes), bytes);
        } finally {
            Reference.reachabilityFence(source);
        }
    }

    public void zero(int offset, int bytes) {
        Libc.memset(address(offset, bytes), 0, bytes);
    }

    /** Whether every byte of the range is zero. */
    public boolean isZero(int offset, int bytes) {
        Objects.checkFromIndexSize(offset, bytes, capacity);
        int at = offset;
        int end = offset + bytes;
        for (; at + 8 <= end; at += 8) {
            if (little.getLong(at) != 0) {
                return false;
            }
        }
        for (; at < end; at++) {
            if (little.get(at) != 0) {
                return false;
            }
        }
        return true;
    }

    /** A view of the same memory as a ByteBuffer (little endian, position 0); it allocates, so not for the hot path. */
    public ByteBuffer asByteBuffer(int offset, int bytes) {
        return little.slice(offset, bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
