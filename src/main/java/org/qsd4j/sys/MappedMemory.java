package org.qsd4j.sys;

import com.kenai.jffi.MemoryIO;

/**
 * Memory straight from mmap(2). Anonymous memory's pages exist only once they are touched, so that a thousand idle queues with
 * room for a megabyte each cost next to nothing, and no limit of the JVM applies. The owner calls {@link #unmap} when no
 * one uses {@link #buffer} any more; afterwards it must not be touched.
 */
public final class MappedMemory {
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 0x01;
    private static final int MAP_PRIVATE = 0x02;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int MAP_POPULATE = 0x8000;
    private static final int MADV_DONTNEED = 4;

    private static final NativeFunction MMAP = NativeFunction.of("mmap", 6);
    private static final NativeFunction MUNMAP = NativeFunction.of("munmap", 2);
    private static final NativeFunction MADVISE = NativeFunction.of("madvise", 3);

    private final long address;
    private final int bytes;
    private final NativeBuffer buffer;

    private MappedMemory(long address, int bytes) {
        this.address = address;
        this.bytes = bytes;
        this.buffer = NativeBuffer.wrap(MemoryIO.getInstance().newDirectByteBuffer(address, bytes));
    }

    /** Maps {@code bytes} of zeroes; OutOfMemoryError if the kernel refuses. */
    public static MappedMemory map(int bytes) {
        long address = MMAP.call(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (address < 0) {
            throw new OutOfMemoryError("mmap: " + Errno.message((int) -address));
        }
        return new MappedMemory(address, bytes);
    }

    /** Maps {@code bytes} of what a descriptor offers from {@code offset} on, shared with the kernel. */
    static MappedMemory mapShared(int fd, int bytes, long offset) throws SysException {
        long address = MMAP.call(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
        if (address < 0) {
            throw new SysException((int) -address, "mmap");
        }
        return new MappedMemory(address, bytes);
    }

    public NativeBuffer buffer() {
        return buffer;
    }

    /** Gives the pages back from {@code offset} (a page's start) on; they read as zeroes when next touched. */
    public void release(int offset) {
        MADVISE.call(address + offset, (long) bytes - offset, MADV_DONTNEED);
    }

    public void unmap() {
        MUNMAP.call(address, bytes);
    }
}
