package org.qsd4j.block.driver.qcow2.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A view of a refcount block's bytes: entries of 1 to 64 bits, big endian; below a byte, entry 0 is in the least
 * significant bits (specification: "Refcount block entry").
 */
public final class RefcountBlock {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private RefcountBlock() {}

    /** The largest refcount of this width; that of 64 bits is limited to what a signed number holds. */
    public static long max(int order) {
        return order == 6 ? Long.MAX_VALUE : (1L << (1 << order)) - 1;
    }

    /** The refcount at {@code index}, as an unsigned number; negative only for 64-bit ones above the maximum. */
    public static long get(byte[] block, int index, int order) {
        return switch (order) {
            case 3 -> block[index] & 0xffL;
            case 4 -> (short) SHORT.get(block, index * 2) & 0xffffL;
            case 5 -> (int) INT.get(block, index * 4) & 0xffff_ffffL;
            case 6 -> (long) LONG.get(block, index * 8);
            default -> (block[index >> (3 - order)] >>> ((index & perByteMask(order)) << order)) & max(order);
        };
    }

    /** {@code value} must not be above {@link #max}. */
    public static void set(byte[] block, int index, int order, long value) {
        assert value >= 0 && value <= max(order) : value;
        switch (order) {
            case 3 -> block[index] = (byte) value;
            case 4 -> SHORT.set(block, index * 2, (short) value);
            case 5 -> INT.set(block, index * 4, (int) value);
            case 6 -> LONG.set(block, index * 8, value);
            default -> setBits(block, index, order, (int) value);
        }
    }

    /** The byte of the block that holds the (first byte of the) entry. */
    public static int byteOffset(int index, int order) {
        return order >= 3 ? index << (order - 3) : index >> (3 - order);
    }

    private static void setBits(byte[] block, int index, int order, int value) {
        int shift = (index & perByteMask(order)) << order;
        int at = index >> (3 - order);
        int mask = (int) max(order) << shift;
        block[at] = (byte) ((block[at] & ~mask) | (value << shift));
    }

    private static int perByteMask(int order) {
        return (1 << (3 - order)) - 1;
    }
}
