package org.qsd4j.block.driver.dmg;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/** The runs that the disk consists of, from the "mish" blocks of the property list or of the resource fork. */
final class DmgChunks {
    static final long ZERO = 0;
    static final long RAW = 1;
    static final long IGNORE = 2;
    static final long ZLIB = 0x80000005L;
    private static final long COMMENT = 0x7ffffffeL;
    private static final long TERMINATOR = 0xffffffffL;
    private static final int SECTOR = 512;
    private static final int MISH = 0x6d697368;
    private static final int MISH_BYTES = 204;
    private static final int CHUNK_BYTES = 40;
    private static final int MAX_TABLE = 16 << 20;
    private static final long MAX_CHUNK_SECTORS = (64 << 20) / SECTOR;
    private static final long MAX_CHUNK_BYTES = 64 << 20;
    private static final Pattern DATA = Pattern.compile("<data>([^<]*)</data>");

    private final BlockChild file;
    private final DmgTrailer trailer;
    private final List<Chunk> chunks = new ArrayList<>();

    /**
     * All in bytes.
     *
     * @param offset on the disk
     * @param hostOffset in the file
     */
    @Immutable
    record Chunk(long type, long offset, long bytes, long hostOffset, long hostBytes) {}

    private DmgChunks(BlockChild file, DmgTrailer trailer) {
        this.file = file;
        this.trailer = trailer;
    }

    /** In the order in which they are on the disk. */
    static List<Chunk> read(BlockChild file, DmgTrailer trailer) {
        DmgChunks reader = new DmgChunks(file, trailer);
        if (trailer.resourceBytes() != 0) {
            reader.readResourceFork();
        } else if (trailer.xmlBytes() != 0) {
            reader.readPropertyList();
        } else {
            throw reader.invalid();
        }
        reader.chunks.sort(Comparator.comparingLong(Chunk::offset));
        return reader.chunks;
    }

    private QapiException invalid() {
        return ImageHeader.couldNotOpen(file, Errno.EINVAL);
    }

    private byte[] table(long offset, long bytes) {
        if (bytes > MAX_TABLE) {
            throw invalid();
        }
        ImageHeader table = ImageHeader.read(file, offset, (int) bytes, ByteOrder.BIG_ENDIAN);
        return table.toArray();
    }

    private void readResourceFork() {
        ByteBuffer fork = ByteBuffer.wrap(table(trailer.resourceOffset(), trailer.resourceBytes()));
        if (fork.capacity() < 16) {
            throw invalid();
        }
        int start = fork.getInt(0);
        int bytes = fork.getInt(8);
        if (start < 0 || bytes < 0 || start > fork.capacity() || bytes > fork.capacity() - start) {
            throw invalid();
        }
        int at = start;
        while (at < start + bytes) {
            if (at > fork.capacity() - 4 || fork.getInt(at) < 0 || fork.getInt(at) > fork.capacity() - 4 - at) {
                throw invalid();
            }
            int count = fork.getInt(at);
            readMish(fork.slice(at + 4, count));
            at += 4 + count;
        }
    }

    private void readPropertyList() {
        byte[] xml = table(trailer.xmlOffset(), trailer.xmlBytes());
        Matcher data = DATA.matcher(new String(xml, StandardCharsets.ISO_8859_1));
        while (data.find()) {
            byte[] decoded;
            try {
                decoded = Base64.getMimeDecoder().decode(data.group(1));
            } catch (IllegalArgumentException e) {
                throw invalid();
            }
            readMish(ByteBuffer.wrap(decoded));
        }
    }

    private void readMish(ByteBuffer mish) {
        if (mish.capacity() < MISH_BYTES || mish.getInt(0) != MISH) {
            // Some other resource.
            return;
        }
        long firstSector = mish.getLong(8);
        long dataOffset = trailer.dataOffset() + mish.getLong(24);
        for (int at = MISH_BYTES; at <= mish.capacity() - CHUNK_BYTES; at += CHUNK_BYTES) {
            long type = mish.getInt(at) & 0xffffffffL;
            if (type != COMMENT && type != TERMINATOR) {
                add(mish, at, type, firstSector, dataOffset);
            }
        }
    }

    private void add(ByteBuffer mish, int at, long type, long firstSector, long dataOffset) {
        long sector = firstSector + mish.getLong(at + 8);
        long sectors = mish.getLong(at + 16);
        long hostOffset = dataOffset + mish.getLong(at + 24);
        long hostBytes = mish.getLong(at + 32);
        boolean stored = type == RAW || type == ZLIB;
        long lastSector = trailer.size() / SECTOR;
        if (sector < 0 || sectors < 0 || sector > lastSector || sectors > lastSector - sector || hostOffset < 0) {
            throw invalid();
        }
        if (type == ZLIB && sectors > MAX_CHUNK_SECTORS) {
            throw QapiException.withErrno(
                    Errno.EINVAL,
                    "sector count %d for chunk %d is larger than max (%d)",
                    sectors,
                    chunks.size(),
                    MAX_CHUNK_SECTORS);
        }
        if (stored && (hostBytes < 0 || (type == ZLIB && hostBytes > MAX_CHUNK_BYTES))) {
            throw QapiException.withErrno(
                    Errno.EINVAL,
                    "length %d for chunk %d is larger than max (%d)",
                    hostBytes,
                    chunks.size(),
                    MAX_CHUNK_BYTES);
        }
        chunks.add(new Chunk(type, sector * SECTOR, sectors * SECTOR, hostOffset, hostBytes));
    }
}
