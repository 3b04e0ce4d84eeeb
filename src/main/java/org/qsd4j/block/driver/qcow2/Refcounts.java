package org.qsd4j.block.driver.qcow2;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.driver.qcow2.format.ImageLimits;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.block.driver.qcow2.format.RefcountBlock;
import org.qsd4j.block.driver.qcow2.format.RefcountTableEntry;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlkdebugEvent;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * The refcount table and a cache of refcount blocks. All changes are in memory; {@link MetadataWriteback} brings them to
 * the disk in the order that a crash can't hurt: blocks, then the table's entries, then the header of a table that has
 * moved. Everything here is under the image's metadata lock. Results are values, or -errno.
 */
final class Refcounts {
    private static final long DEFAULT_CACHE = 1L << 20;
    private static final int MIN_BLOCKS = 4;

    private final Qcow2Image image;
    private final ClusterGeometry geometry;
    private final int order;
    private final int maxCached;
    private final NativeBuffer io;

    /** Replaced under the lock; entries are only ever added, so that a write-back may read it outside. */
    private volatile long[] table;

    private long tableOffset;
    private int tableClusters;

    /** The whole table has to be written: it stands at a new place. */
    private boolean moved;

    private final BitSet dirtyEntries = new BitSet();
    private @Nullable CachedRefcountBlock[] blocks;
    private final ArrayDeque<CachedRefcountBlock> cached = new ArrayDeque<>();

    /** While an edition is made: the indexes of blocks that belong to it alone, in memory at least; else null. */
    private @Nullable BitSet edited;

    /** Those of them that still have to get a place of their own. */
    private final ArrayDeque<CachedRefcountBlock> homeless = new ArrayDeque<>();

    Refcounts(Qcow2Image image) {
        Qcow2Header header = image.metadata.header();
        this.image = image;
        this.geometry = image.geometry;
        this.order = geometry.refcountOrder;
        this.tableOffset = header.refcountTableOffset();
        this.tableClusters = (int) header.refcountTableClusters();
        this.table = new long[tableClusters << (geometry.clusterBits - 3)];
        this.blocks = new CachedRefcountBlock[table.length];
        this.io = NativeBuffer.allocate(geometry.clusterSize);
        long cacheSize = image.options.refcountCacheSize() != 0 ? image.options.refcountCacheSize() : DEFAULT_CACHE;
        this.maxCached = (int) Math.max(MIN_BLOCKS, Math.min(cacheSize, 1L << 31) / geometry.clusterSize);
        image.file.debugEvent(BlkdebugEvent.REFTABLE_LOAD);
        int result = TableIo.readWords(image.file, tableOffset, table);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not read refcount table");
        }
    }

    long maxRefcount() {
        return RefcountBlock.max(order);
    }

    int tableLength() {
        return table.length;
    }

    long tableOffset() {
        return tableOffset;
    }

    int tableClusters() {
        return tableClusters;
    }

    long tableEntry(int index) {
        return table[index];
    }

    /** Of a cluster that the table reaches, or will. */
    private int blockIndex(long hostCluster) {
        return (int) (hostCluster >>> geometry.refcountBlockBits);
    }

    /** The refcount of a cluster, or -errno. */
    long get(long hostCluster) {
        long index = hostCluster >>> geometry.refcountBlockBits;
        if (index >= table.length || RefcountTableEntry.blockOffset(table[(int) index]) == 0) {
            return 0;
        }
        CachedRefcountBlock block = block((int) index);
        if (block == null) {
            return -Errno.EIO;
        }
        long refcount = RefcountBlock.get(block.bytes, indexInBlock(hostCluster), order);
        return refcount < 0 ? -Errno.EIO : refcount;
    }

    private int indexInBlock(long hostCluster) {
        return (int) hostCluster & ((1 << geometry.refcountBlockBits) - 1);
    }

    /** Adds {@code delta}; the cluster's block must exist. 0, or -errno with nothing changed. */
    int change(long hostCluster, int delta) {
        image.file.debugEvent(BlkdebugEvent.REFBLOCK_ALLOC);
        long index = hostCluster >>> geometry.refcountBlockBits;
        boolean present = index < table.length && hasBlock((int) index);
        CachedRefcountBlock block = present ? block((int) index) : null;
        if (block == null) {
            return -Errno.EIO;
        }
        int entry = indexInBlock(hostCluster);
        long refcount = RefcountBlock.get(block.bytes, entry, order);
        if (refcount < 0 || refcount + delta < 0 || (delta > 0 && refcount > maxRefcount() - delta)) {
            return -Errno.EINVAL;
        }
        set(block, entry, refcount + delta);
        return 0;
    }

    private void set(CachedRefcountBlock block, int entry, long refcount) {
        if (edited != null && !edited.get(block.index)) {
            edited.set(block.index);
            homeless.add(block);
            block.markDirty(0, geometry.clusterSize);
        }
        RefcountBlock.set(block.bytes, entry, order, refcount);
        int at = RefcountBlock.byteOffset(entry, order) & -512;
        block.markDirty(at, at + 512);
    }

    boolean hasBlock(int index) {
        return RefcountTableEntry.blockOffset(table[index]) != 0;
    }

    /** An existing block, from the cache or the file; null if it can't be read. */
    @Nullable
    CachedRefcountBlock block(int index) {
        CachedRefcountBlock block = blocks[index];
        if (block == null) {
            block = readBlock(index);
            if (block == null) {
                return null;
            }
            keep(block);
        }
        block.used = true;
        return block;
    }

    private @Nullable CachedRefcountBlock readBlock(int index) {
        long offset = RefcountTableEntry.blockOffset(table[index]);
        if (!geometry.isClusterAligned(offset)) {
            image.corruption.signal(
                    true,
                    -1,
                    -1,
                    "Refblock offset %s unaligned (reftable index: %s)",
                    Corruption.hex(offset),
                    Corruption.hex(index));
            return null;
        }
        CachedRefcountBlock block = new CachedRefcountBlock(index, offset, geometry.clusterSize);
        image.file.debugEvent(BlkdebugEvent.REFBLOCK_LOAD);
        if (TableIo.read(image.file, offset, io, 0, geometry.clusterSize) < 0) {
            return null;
        }
        io.get(0, block.bytes, 0, geometry.clusterSize);
        return block;
    }

    private void keep(CachedRefcountBlock block) {
        blocks[block.index] = block;
        // Whoever has asked for it is about to change it: it must survive this round.
        block.used = true;
        cached.add(block);
        if (cached.size() > maxCached) {
            evictOne();
        }
    }

    /**
     * The oldest that nobody has used since it came to the head, in one round at most. Dirty blocks stay, even if that makes
     * the cache larger than it should be until the next write-back.
     */
    private void evictOne() {
        for (int i = cached.size(); i > 0; i--) {
            CachedRefcountBlock head = cached.remove();
            if (!head.isDirty() && !head.used) {
                blocks[head.index] = null;
                return;
            }
            head.used = false;
            cached.add(head);
        }
    }

    /** Makes a new block at {@code hostCluster}, which it counts itself if it lies in the block's own range. */
    void createBlock(int index, long hostCluster) {
        CachedRefcountBlock block =
                new CachedRefcountBlock(index, hostCluster << geometry.clusterBits, geometry.clusterSize);
        block.markDirty(0, geometry.clusterSize);
        block.isNew = true;
        if (edited != null) {
            edited.set(index);
        }
        table[index] = block.hostOffset;
        dirtyEntries.set(index);
        keep(block);
        image.metadataClusters().add(hostCluster, OverlapCheck.REFCOUNT_BLOCK);
        if (blockIndex(hostCluster) == index) {
            set(block, indexInBlock(hostCluster), 1);
        }
    }

    /** The first cluster behind everything that the existing blocks count. */
    long endOfCounted() {
        int last = table.length - 1;
        while (last >= 0 && !hasBlock(last)) {
            last--;
        }
        return (long) (last + 1) << geometry.refcountBlockBits;
    }

    /** A table of at least {@code entries} entries, at a place behind everything; the old place is given up. */
    int growTable(long entries) {
        image.file.debugEvent(BlkdebugEvent.REFTABLE_GROW);
        long first = endOfCounted();
        long length = Math.max(entries, table.length + table.length / 2 + 1L);
        long newClusters;
        long newBlocks;
        while (true) {
            newClusters = geometry.clustersFor(length * Long.BYTES);
            if (newClusters << geometry.clusterBits > ImageLimits.MAX_REFCOUNT_TABLE_BYTES) {
                return -Errno.EFBIG;
            }
            newBlocks = blocksFor(newClusters);
            long end = first + newBlocks + newClusters;
            if (end >>> geometry.refcountBlockBits < length) {
                break;
            }
            length = (end >>> geometry.refcountBlockBits) + 1;
        }
        int entryCount = (int) (newClusters << (geometry.clusterBits - 3));
        table = Arrays.copyOf(table, entryCount);
        blocks = Arrays.copyOf(blocks, entryCount);
        long place = reserveBehindEverything(newClusters);
        image.moveMetadata(tableOffset, tableClusters, place, newClusters, OverlapCheck.REFCOUNT_TABLE);
        tableOffset = place << geometry.clusterBits;
        tableClusters = (int) newClusters;
        moved = true;
        image.header().setRefcountTable(tableOffset, tableClusters);
        return 0;
    }

    /** Blocks that count {@code clusters} clusters and themselves. */
    private long blocksFor(long clusters) {
        long perBlock = 1L << geometry.refcountBlockBits;
        long count = 1;
        while (count * perBlock < clusters + count) {
            count++;
        }
        return count;
    }

    /**
     * Counts {@code clusters} contiguous clusters as used, behind everything, with the blocks that this takes before them.
     *
     * @return the first cluster; the table must be long enough
     */
    long reserveBehindEverything(long clusters) {
        long first = endOfCounted();
        long newBlocks = blocksFor(clusters);
        for (long i = 0; i < newBlocks; i++) {
            createBlock(blockIndex(first) + (int) i, first + i);
        }
        for (long c = first; c < first + newBlocks + clusters; c++) {
            CachedRefcountBlock block = Objects.requireNonNull(blocks[blockIndex(c)]);
            set(block, indexInBlock(c), 1);
        }
        return first + newBlocks;
    }

    /**
     * From now on changes leave the table and the blocks that are on disk as they are. Nothing is dirty, and nothing is
     * written back before {@link #placeEdition}.
     *
     * @return the table, for {@link #replace} if the edition comes to nothing
     */
    long[] beginEdition() {
        edited = new BitSet();
        return table.clone();
    }

    /**
     * Gives what has changed since {@link #beginEdition} places of its own; the header still has to name the table.
     *
     * @param gone takes the places of the old edition
     * @return 0 or -errno
     */
    int placeEdition(FreedClusters gone) {
        int result = placeBlocks(gone);
        if (result == 0 && !moved) {
            long place = image.allocator().allocateExactly(tableClusters);
            if (place < 0) {
                return (int) place;
            }
            // Room for it may have been made by moving the table.
            if (!moved) {
                gone.add(tableOffset, tableClusters, geometry.clusterBits, false);
                tableOffset = place;
                moved = true;
                image.header().setRefcountTable(tableOffset, tableClusters);
            } else {
                image.allocator().giveBack(place, tableClusters);
            }
            result = placeBlocks(gone);
        }
        return result;
    }

    private int placeBlocks(FreedClusters gone) {
        while (!homeless.isEmpty()) {
            long place = image.allocator().allocateTable("refcount block");
            if (place < 0) {
                return (int) place;
            }
            CachedRefcountBlock block = homeless.remove();
            gone.add(block.hostOffset, 1, geometry.clusterBits, false);
            block.hostOffset = place;
            table[block.index] = place;
            dirtyEntries.set(block.index);
        }
        return 0;
    }

    /** Brings the placed edition to stable storage; 0, or -errno: then it can only be given up. */
    int writeEdition() {
        Captured captured = capture();
        int result = writeBlocks(captured);
        if (result == 0) {
            result = writeTable(captured);
        }
        return result < 0 ? result : image.file.flush();
    }

    /** Changes are made in place again. */
    void endEdition() {
        edited = null;
        homeless.clear();
    }

    /** Everything cached is forgotten: the structures have been made anew, on stable storage, at another place. */
    void replace(long offset, long[] entries) {
        table = entries;
        blocks = new CachedRefcountBlock[entries.length];
        cached.clear();
        dirtyEntries.clear();
        moved = false;
        tableOffset = offset;
        tableClusters = (int) geometry.clustersFor((long) entries.length * Long.BYTES);
    }

    /** How many table entries {@link #reserveBehindEverything} needs. */
    long entriesToReserve(long clusters) {
        return ((endOfCounted() + blocksFor(clusters) + clusters) >>> geometry.refcountBlockBits) + 1;
    }

    boolean isDirty() {
        if (moved || !dirtyEntries.isEmpty()) {
            return true;
        }
        for (CachedRefcountBlock block : cached) {
            if (block.isDirty()) {
                return true;
            }
        }
        return false;
    }

    /**
     * What one write-back has taken over, to be marked dirty again if it fails.
     *
     * @param tableOffset where the table stood at that time
     * @param movedTable the whole table of that time, if it has to be written as a whole
     */
    record Captured(
            List<CachedRefcountBlock> blocks,
            BitSet entries,
            long tableOffset,
            @Nullable MovedTable movedTable) {}

    /** A copy of the table. */
    static final class MovedTable {
        private final long[] entries;

        MovedTable(long[] entries) {
            this.entries = entries;
        }
    }

    Captured capture() {
        Captured captured = new Captured(
                new ArrayList<>(),
                (BitSet) dirtyEntries.clone(),
                tableOffset,
                moved ? new MovedTable(table.clone()) : null);
        dirtyEntries.clear();
        moved = false;
        return captured;
    }

    /** Writes the dirty blocks. */
    int writeBlocks(Captured captured) {
        if (captured.movedTable != null) {
            image.file.debugEvent(BlkdebugEvent.REFBLOCK_ALLOC_WRITE_BLOCKS);
        }
        for (CachedRefcountBlock block : cached) {
            if (block.isDirty()) {
                int from = block.dirtyFrom;
                int bytes = block.dirtyEnd - from;
                io.put(0, block.bytes, from, bytes);
                image.file.debugEvent(
                        block.isNew ? BlkdebugEvent.REFBLOCK_ALLOC_WRITE : BlkdebugEvent.REFBLOCK_UPDATE_PART);
                int result = image.file.write(block.hostOffset + from, io, 0, bytes, 0);
                if (result < 0) {
                    return result;
                }
                captured.blocks.add(block);
                block.markClean();
            }
        }
        return 0;
    }

    /** Writes the captured part of the table, whose blocks are on stable storage; without the metadata lock. */
    int writeTable(Captured captured) {
        if (captured.movedTable != null) {
            long[] entries = captured.movedTable.entries;
            image.file.debugEvent(BlkdebugEvent.REFBLOCK_ALLOC_WRITE_TABLE);
            return TableIo.writeWords(image.file, captured.tableOffset, entries, 0, entries.length);
        }
        long[] entries = table;
        for (int i = captured.entries.nextSetBit(0); i >= 0; i = captured.entries.nextSetBit(i + 1)) {
            long at = captured.tableOffset + (long) i * Long.BYTES;
            image.file.debugEvent(BlkdebugEvent.REFBLOCK_ALLOC_HOOKUP);
            int result = TableIo.writeWords(image.file, at, entries, i, i + 1);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    /** After a failed write-back. Whole blocks, since what the failed one has left on disk is not known. */
    void restore(Captured captured) {
        for (CachedRefcountBlock block : captured.blocks) {
            CachedRefcountBlock present = blocks[block.index];
            if (present == null) {
                keep(block);
                present = block;
            }
            present.markDirty(0, geometry.clusterSize);
        }
        dirtyEntries.or(captured.entries);
        moved |= captured.movedTable != null;
    }
}
