package org.qsd4j.qom;

import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Keyctl;
import org.qsd4j.sys.NativeBuffer;

/** Reads a key that the kernel keeps. */
final class KernelKey {
    private static final int MAX_BYTES = 1 << 20;

    private KernelKey() {}

    static byte[] read(int serial) {
        if (serial == 0) {
            throw QapiException.generic("'serial' should not be equal to 0");
        }
        long bytes = check(Keyctl.read(serial, 0, 0), serial);
        NativeBuffer buffer = NativeBuffer.allocate((int) Math.min(Math.max(bytes, 1), MAX_BYTES));
        // It may have become longer or shorter in the meantime.
        long read =
                Math.min(check(Keyctl.read(serial, buffer.address(), buffer.capacity()), serial), buffer.capacity());
        byte[] key = new byte[(int) read];
        buffer.get(0, key, 0, key.length);
        buffer.zero(0, buffer.capacity());
        return key;
    }

    private static long check(long result, int serial) {
        if (result < 0) {
            throw QapiException.fromErrno((int) result, "Unable to read serial key %08x", serial);
        }
        return result;
    }
}
