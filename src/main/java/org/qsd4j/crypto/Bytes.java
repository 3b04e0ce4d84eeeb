package org.qsd4j.crypto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Arithmetic on arrays of bytes, eight at a time. */
final class Bytes {
    static final VarHandle LITTLE_LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle BIG_LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Bytes() {}

    /** {@code into = a ^ b}; the ranges may be the same. */
    static void xor(byte[] a, int atA, byte[] b, int atB, byte[] into, int at, int bytes) {
        int whole = bytes & -Long.BYTES;
        for (int i = 0; i < whole; i += Long.BYTES) {
            long value = (long) LITTLE_LONG.get(a, atA + i) ^ (long) LITTLE_LONG.get(b, atB + i);
            LITTLE_LONG.set(into, at + i, value);
        }
        for (int i = whole; i < bytes; i++) {
            into[at + i] = (byte) (a[atA + i] ^ b[atB + i]);
        }
    }
}
