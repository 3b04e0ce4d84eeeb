package org.qsd4j.util;

/** Rounding to alignments that are powers of two. */
public final class Align {
    private Align() {}

    public static long down(long value, long alignment) {
        return value & -alignment;
    }

    /** Overflows silently: the caller has checked that the value is an offset within {@link Long#MAX_VALUE} - alignment. */
    public static long up(long value, long alignment) {
        return (value + alignment - 1) & -alignment;
    }

    public static boolean isAligned(long value, long alignment) {
        return (value & (alignment - 1)) == 0;
    }
}
