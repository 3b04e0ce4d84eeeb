package org.qsd4j.block.driver.qcow2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.qsd4j.aio.ThreadSafe;

/**
 * A cached part of an L2 table, in the machine's byte order. It stands for one place of the guest's disk for all its life;
 * an evicted slice is never filled again, so that a reader that still holds it sees old entries, never others'.
 *
 * <p>Entries are read without a lock. They are changed under the image's metadata lock; an extended entry's two words go
 * together through {@link #version}, which is odd while they change.
 */
@ThreadSafe
final class L2Slice {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    /** Counted from the start of the guest's disk. */
    final long number;

    private final long[] words;
    private volatile int version;

    /** When it was last of use, on the cache's clock. Written by any reader; a lost update does no harm. */
    int lastUsed;

    /** Where the slice stands in the image file. Under the metadata lock. */
    long hostOffset;

    /** Differs from the file's. Under the metadata lock. */
    boolean dirty;

    /** A copy of it is being written to the file: what is there now may be older. Under the metadata lock. */
    boolean writing;

    L2Slice(long number, long hostOffset, int words) {
        this.number = number;
        this.hostOffset = hostOffset;
        this.words = new long[words];
    }

    /** Of a standard image. */
    long entry(int index) {
        return (long) WORD.getAcquire(words, index);
    }

    /** Of an image with extended entries: both words of one moment, into {@code into}. */
    void extendedEntry(int index, Mapping into) {
        while (true) {
            int before = version;
            into.entry = (long) WORD.getAcquire(words, 2 * index);
            into.bitmap = (long) WORD.getAcquire(words, 2 * index + 1);
            VarHandle.acquireFence();
            if ((before & 1) == 0 && before == version) {
                return;
            }
            Thread.onSpinWait();
        }
    }

    /** Under the metadata lock. */
    void set(int index, long entry) {
        WORD.setRelease(words, index, entry);
    }

    /** Under the metadata lock. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    void setExtended(int index, long entry, long bitmap) {
        version++;
        VarHandle.storeStoreFence();
        WORD.setRelease(words, 2 * index, entry);
        WORD.setRelease(words, 2 * index + 1, bitmap);
        version++;
    }

    int wordCount() {
        return words.length;
    }

    long word(int index) {
        return (long) WORD.getAcquire(words, index);
    }

    /** Before the slice is published, or under the metadata lock. */
    void setWord(int index, long word) {
        WORD.setRelease(words, index, word);
    }
}
