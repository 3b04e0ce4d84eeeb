package org.qsd4j.block.driver.dmg;

import java.nio.ByteOrder;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * The 512 bytes near the end of the file that begin with "koly", big endian. Offsets and lengths are in bytes.
 *
 * @param size of the disk in bytes
 * @param dataOffset what chunks count from
 */
@Immutable
record DmgTrailer(long size, long dataOffset, long resourceOffset, long resourceBytes, long xmlOffset, long xmlBytes) {
    private static final String MAGIC = "koly";
    private static final int BYTES = 512;
    private static final int SECTOR = 512;
    private static final long MAX_SECTORS = Long.MAX_VALUE / SECTOR;

    static DmgTrailer read(BlockChild file) {
        ImageHeader trailer = find(file);
        long sectors = trailer.u64(0x1ec);
        DmgTrailer read = new DmgTrailer(
                sectors * SECTOR,
                trailer.u64(0x18),
                trailer.u64(0x28),
                trailer.u64(0x30),
                trailer.u64(0xd8),
                trailer.u64(0xe0));
        long length = file.node().length();
        boolean valid = sectors >= 0
                && sectors <= MAX_SECTORS
                && isWithin(read.dataOffset, 0, length)
                && isWithin(read.resourceOffset, read.resourceBytes, length)
                && isWithin(read.xmlOffset, read.xmlBytes, length);
        if (!valid) {
            throw ImageHeader.couldNotOpen(file, Errno.EINVAL);
        }
        return read;
    }

    private static boolean isWithin(long offset, long bytes, long length) {
        return offset >= 0 && bytes >= 0 && offset <= length && bytes <= length - offset;
    }

    /** Usually the last 512 bytes; some programs append a few. */
    private static ImageHeader find(BlockChild file) {
        long length = file.node().length();
        long from = Math.max(0, length - 2 * BYTES);
        int window = (int) (length - from);
        String tail = window == 0
                ? ""
                : ImageHeader.read(file, from, window, ByteOrder.BIG_ENDIAN).text(0, window);
        int at = tail.indexOf(MAGIC);
        if (at < 0 || from + at + BYTES > length) {
            throw QapiException.withErrno(Errno.EINVAL, "Could not locate UDIF trailer in dmg file");
        }
        return ImageHeader.read(file, from + at, BYTES, ByteOrder.BIG_ENDIAN);
    }
}
