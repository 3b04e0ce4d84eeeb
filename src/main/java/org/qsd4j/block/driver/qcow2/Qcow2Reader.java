package org.qsd4j.block.driver.qcow2;

import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockChild;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.NativeBuffer;

/** Reads guest data. Callers are inside the image's {@link GracePeriod}. */
@ThreadSafe
final class Qcow2Reader {
    private final Qcow2Image image;
    private final ClusterMapper mapper;
    private final CompressedReader compressed;

    Qcow2Reader(Qcow2Image image, ClusterMapper mapper) {
        this.image = image;
        this.mapper = mapper;
        this.compressed = new CompressedReader(image);
    }

    /** Reads a range inside the disk; 0 or -errno. */
    int read(long guestOffset, NativeBuffer buffer, int at, int bytes) {
        Mapping mapping = image.scratch().reading;
        int done = 0;
        while (done < bytes) {
            int result = mapper.map(guestOffset + done, bytes - done, mapping);
            if (result < 0) {
                return result;
            }
            int run = mapping.intBytes();
            result = readRun(mapping, guestOffset + done, buffer, at + done, run);
            if (result < 0) {
                return result;
            }
            done += run;
        }
        return 0;
    }

    private int readRun(Mapping mapping, long guestOffset, NativeBuffer buffer, int at, int bytes) {
        return switch (mapping.type) {
            case Mapping.DATA -> {
                image.data.debugEvent(BlkdebugEvent.READ_AIO);
                yield image.guestData.read(mapping.hostOffset, guestOffset, buffer, at, bytes);
            }
            case Mapping.UNALLOCATED, Mapping.UNALLOCATED_PLACED -> readBacking(guestOffset, buffer, at, bytes);
            case Mapping.ZERO_PLAIN, Mapping.ZERO_ALLOCATED -> {
                buffer.zero(at, bytes);
                yield 0;
            }
            case Mapping.COMPRESSED ->
                compressed.read(mapping.entry, image.geometry.offsetInCluster(guestOffset), buffer, at, bytes);
            default -> InvalidEntry.onRead(image, mapping, guestOffset);
        };
    }

    private int readBacking(long guestOffset, NativeBuffer buffer, int at, int bytes) {
        BlockChild backing = image.backing();
        if (backing != null) {
            image.file.debugEvent(BlkdebugEvent.READ_BACKING_AIO);
            return backing.read(guestOffset, buffer, at, bytes);
        }
        buffer.zero(at, bytes);
        return 0;
    }
}
