package org.qsd4j.block;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.NativeBuffer;

/**
 * The format of an image that nobody has named, guessed from its first sector. A guest must not be able to change the
 * next guess: its disk would be taken for an image then, with backing files of the guest's choice. QEMU: {@code probed}.
 */
@ThreadSafe
public final class ProbedFormat {
    /** A format is recognised by no more than this, in bytes. */
    public static final int HEAD = 512;

    private final BlockDrivers drivers;
    private final BlockDriver driver;

    ProbedFormat(BlockDrivers drivers, BlockDriver driver) {
        this.drivers = drivers;
        this.driver = driver;
    }

    /** Whether {@link #HEAD} bytes in the buffer at {@code at} look like another format. */
    public boolean wouldChange(NativeBuffer buffer, int at) {
        byte[] head = new byte[HEAD];
        buffer.get(at, head, 0, HEAD);
        return drivers.probe(head) != driver;
    }
}
