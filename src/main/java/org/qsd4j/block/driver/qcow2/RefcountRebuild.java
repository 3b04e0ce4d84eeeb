package org.qsd4j.block.driver.qcow2;

import java.util.BitSet;
import org.qsd4j.block.driver.qcow2.format.ImageLimits;
import org.qsd4j.block.driver.qcow2.format.RefcountBlock;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * Makes refcount table and blocks anew from the references that were counted, when the old ones are lost or damaged. They
 * stand behind everything that the file has, so that the old state stays whole until one write of the header replaces
 * it: an interrupted rebuild can be done again. QEMU: {@code rebuild_refcount_structure}.
 */
final class RefcountRebuild {
    private final Qcow2Image image;
    private final ClusterGeometry geometry;
    private final ReferenceCounts references;
    private final long first;
    private final BitSet neededBlocks = new BitSet();
    private long tableClusters;

    /** @param references all but those of the refcount structures, which get the new ones' in addition */
    RefcountRebuild(Qcow2Image image, ReferenceCounts references) {
        this.image = image;
        this.geometry = image.geometry;
        this.references = references;
        this.first = Math.max(
                references.end(), geometry.clustersFor(image.file.node().length()));
    }

    /** @throws QapiException if the new ones can't be made; the image is as it was */
    void run() {
        references.forEach(this::need);
        layOut();
        long end = first + neededBlocks.cardinality() + tableClusters;
        for (long cluster = first; cluster < end; cluster++) {
            references.add(cluster);
        }
        long[] table = new long[(int) (tableClusters << (geometry.clusterBits - 3))];
        long place = first;
        for (int index = neededBlocks.nextSetBit(0); index >= 0; index = neededBlocks.nextSetBit(index + 1)) {
            table[index] = place << geometry.clusterBits;
            writeBlock(index, table[index]);
            place++;
        }
        long tableOffset = place << geometry.clusterBits;
        requireSuccess(TableIo.writeWords(image.file, tableOffset, table, 0, table.length));
        requireSuccess(image.file.flush());
        image.replaceRefcounts(tableOffset, table);
        requireSuccess(image.flushAll());
    }

    private void need(long cluster, int count) {
        long max = RefcountBlock.max(geometry.refcountOrder);
        if (max >= 0 && count > max) {
            throw QapiException.generic(
                    "Cluster %d has %d references, more than its refcount can count", cluster, count);
        }
        neededBlocks.set(blockOf(cluster));
    }

    private int blockOf(long cluster) {
        long index = cluster >>> geometry.refcountBlockBits;
        if (index >= ImageLimits.MAX_REFCOUNT_TABLE_BYTES / Long.BYTES) {
            throw QapiException.fromErrno(Errno.EFBIG, "Could not rebuild the refcount structures");
        }
        return (int) index;
    }

    /** The new structures count themselves, too, which may take more blocks. */
    private void layOut() {
        long before;
        tableClusters = 1;
        do {
            before = neededBlocks.cardinality() + tableClusters;
            neededBlocks.set(blockOf(first), blockOf(first + before - 1) + 1);
            tableClusters = geometry.clustersFor((long) neededBlocks.length() * Long.BYTES);
        } while (neededBlocks.cardinality() + tableClusters != before);
    }

    private void writeBlock(int index, long offset) {
        long firstCounted = (long) index << geometry.refcountBlockBits;
        byte[] block = new byte[geometry.clusterSize];
        for (int i = 0; i < 1 << geometry.refcountBlockBits; i++) {
            int count = references.get(firstCounted + i);
            if (count != 0) {
                RefcountBlock.set(block, i, geometry.refcountOrder, count);
            }
        }
        NativeBuffer buffer = NativeBuffer.allocate(geometry.clusterSize);
        buffer.put(0, block, 0, block.length);
        requireSuccess(image.file.write(offset, buffer, 0, geometry.clusterSize, 0));
    }

    private static void requireSuccess(int result) {
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not rebuild the refcount structures");
        }
    }
}
