package org.qsd4j.block.driver.qcow2;

import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.driver.qcow2.format.CompressedDescriptor;
import org.qsd4j.block.driver.qcow2.format.Feature;
import org.qsd4j.block.driver.qcow2.format.ImageLimits;
import org.qsd4j.block.driver.qcow2.format.L1Entry;
import org.qsd4j.block.driver.qcow2.format.L2Entry;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * The state of an open image that its parts share: children, tables, caches, the one metadata lock. QEMU: {@code
 * BDRVQcow2State}. See the package's documentation for who may touch what.
 */
@ThreadSafe
final class Qcow2Image {
    final ImageMetadata metadata;
    final ClusterGeometry geometry;
    final Qcow2Options options;
    final boolean readOnly;
    final int version;
    final int compressionType;
    final boolean hasDataFile;
    final boolean dataFileRaw;

    /** Zeroes are written to the external data file, since it is read by others; they have no use for encrypted data. */
    final boolean zeroesDataFile;

    /** Metadata, and compressed clusters. */
    final BlockChild file;

    /** Guest data: the external data file, or {@link #file}. */
    final BlockChild data;

    /** How the guest's data gets to {@link #data} and back. */
    final GuestData guestData;

    /** Guards every change of tables and caches; see the package's documentation. */
    final ReentrantLock metadataLock = new ReentrantLock();

    final GracePeriod gracePeriod = new GracePeriod();
    final Corruption corruption;

    /** Null if the image is read-only. */
    private final @Nullable ImageWriting writing;

    private final TrackedBitmaps bitmaps = new TrackedBitmaps(this);
    private final ThreadLocal<RequestScratch> scratches;
    private final SliceLoader sliceLoader;
    private final L2Cache l2Cache;
    private volatile L1Table l1;
    private volatile SnapshotTable snapshots;
    private volatile @Nullable BlockChild backing;
    private @Nullable String backingName;

    /** Counts freed compressed clusters: what was decompressed before may have been replaced. */
    private volatile int compressedGeneration;

    /** Size of the virtual disk; changes while its node is drained or the range is claimed. */
    private volatile long diskLength;

    /** The image is out of use: after a fatal corruption, or since nobody knows which of its tables are on disk. */
    private volatile boolean ejected;

    Qcow2Image(
            ImageMetadata metadata,
            BlockChild file,
            @Nullable BlockChild dataFile,
            Qcow2Options options,
            @Nullable ImageEncryption encryption,
            Corruption.Listener corruptionListener) {
        Qcow2Header header = metadata.header();
        this.metadata = metadata;
        this.options = options;
        this.readOnly = options.readOnly();
        this.geometry = ClusterGeometry.of(header, Integer.numberOfTrailingZeros(options.l2CacheEntrySize()));
        this.version = header.version();
        this.compressionType = header.compressionType();
        this.hasDataFile = dataFile != null;
        this.dataFileRaw = dataFile != null && header.hasAutoclear(Feature.AUTOCLEAR_DATA_FILE_RAW);
        this.file = file;
        this.data = dataFile != null ? dataFile : file;
        this.guestData = new GuestData(data, encryption);
        this.zeroesDataFile = dataFileRaw && encryption == null;
        this.corruption = new Corruption(this, corruptionListener);
        this.l1 = readL1(header);
        this.snapshots = metadata.snapshots();
        this.l2Cache = new L2Cache(l2CacheSlices());
        this.sliceLoader = new SliceLoader(this);
        this.scratches = ThreadLocal.withInitial(() -> new RequestScratch(geometry));
        this.diskLength = metadata.diskSize();
        this.writing = readOnly ? null : new ImageWriting(this);
    }

    /**
     * What has to be on disk before the first write: no unknown features that writing would break, no bitmap that claims to
     * know of every write.
     *
     * @throws QapiException if that can't be done, or the image needs a repair first
     */
    void prepareForWriting() {
        if (readOnly) {
            return;
        }
        Qcow2Header parsed = metadata.header();
        if (parsed.isIncompatible(Feature.INCOMPAT_DIRTY)) {
            repairDirty();
        }
        int result = bitmaps.begin();
        if (result == 0 && (parsed.autoclearFeatures() & ~Feature.AUTOCLEAR_MASK) != 0) {
            header().setAutoclearFeatures(parsed.autoclearFeatures() & Feature.AUTOCLEAR_MASK);
            result = flushAll();
        }
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not update qcow2 header");
        }
    }

    private void repairDirty() {
        CheckResult left = ImageCheck.run(this, ImageCheck.Repair.ALL, CheckListener.NONE);
        if (left.corruptions > 0 || left.checkErrors > 0) {
            throw QapiException.withErrno(Errno.EIO, "Could not repair dirty image");
        }
    }

    private ImageWriting writing() {
        return Objects.requireNonNull(writing, "the image is read-only");
    }

    HeaderState header() {
        return writing().header;
    }

    /** New refcount structures, complete on stable storage, take the place of the old. */
    void replaceRefcounts(long tableOffset, long[] table) {
        metadataLock.lock();
        try {
            refcounts().replace(tableOffset, table);
            header().setRefcountTable(tableOffset, refcounts().tableClusters());
            allocator().restart();
            writing().registerMetadata(this);
        } finally {
            metadataLock.unlock();
        }
    }

    MetadataClusters metadataClusters() {
        return writing().metadataClusters;
    }

    ClusterClaims claims() {
        return writing().claims;
    }

    Refcounts refcounts() {
        return writing().refcounts;
    }

    ClusterAllocator allocator() {
        return writing().allocator;
    }

    PackedSpace packedSpace() {
        return writing().packedSpace;
    }

    ClusterRelease release() {
        return writing().release;
    }

    MetadataWriteback writeback() {
        return writing().writeback;
    }

    L2Tables l2Tables() {
        return writing().l2Tables;
    }

    private L1Table readL1(Qcow2Header header) {
        long[] entries = new long[(int) header.l1Size()];
        int result = TableIo.readWords(file, header.l1TableOffset(), entries);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not read L1 table");
        }
        return new L1Table(entries, header.l1TableOffset());
    }

    /** As many as the disk has, unless that is more than the option (or QEMU's default maximum) allows. */
    private int l2CacheSlices() {
        long sliceBytes = 1L << geometry.sliceByteBits;
        long wholeDisk = geometry.sliceOf(metadata.diskSize()) + 1;
        long limit = options.l2CacheSize() != 0 ? options.l2CacheSize() : Qcow2Options.DEFAULT_L2_CACHE_MAX;
        long minimum = 2L * geometry.slicesInTable();
        return (int) Math.max(minimum, Math.min(wholeDisk, Math.min(limit, ImageLimits.MAX_L2_CACHE) / sliceBytes));
    }

    /** Whether refcounts may be behind: what the header said when it was opened, or what was made of that since. */
    boolean isDirty() {
        long features =
                writing == null ? metadata.header().incompatibleFeatures() : writing.header.incompatibleFeatures();
        return (features & Feature.INCOMPAT_DIRTY) != 0;
    }

    TrackedBitmaps bitmaps() {
        return bitmaps;
    }

    RequestScratch scratch() {
        return scratches.get();
    }

    SliceLoader sliceLoader() {
        return sliceLoader;
    }

    L2Cache l2Cache() {
        return l2Cache;
    }

    L1Table l1() {
        return l1;
    }

    /** Under the metadata lock. */
    void replaceL1(L1Table table) {
        l1 = table;
    }

    SnapshotTable snapshots() {
        return snapshots;
    }

    /** Under the metadata lock. */
    void replaceSnapshots(SnapshotTable table) {
        snapshots = table;
    }

    /** All places of metadata are looked up anew; nothing is cached of L2 tables. Under the metadata lock. */
    void metadataMoved() {
        l2Cache.clear();
        allocator().restart();
        writing().registerMetadata(this);
    }

    @Nullable
    BlockChild backing() {
        return backing;
    }

    /** The backing file's name as the header means it, from where this program runs; null without one. */
    @Nullable
    String backingName() {
        return backingName;
    }

    void setBackingName(@Nullable String name) {
        backingName = name;
    }

    void setBacking(@Nullable BlockChild child) {
        backing = child;
    }

    int compressedGeneration() {
        return compressedGeneration;
    }

    /** Under the metadata lock, before freed compressed data can be overwritten. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    void invalidateDecompressed() {
        compressedGeneration++;
    }

    boolean isEjected() {
        return ejected;
    }

    long diskLength() {
        return diskLength;
    }

    void setDiskLength(long bytes) {
        diskLength = bytes;
    }

    /** Whether the offset's L2 table doesn't exist. */
    boolean hasNoTable(long guestOffset) {
        return L1Entry.l2TableOffset(l1.get(geometry.l1Index(guestOffset))) == 0;
    }

    /**
     * Refuses to write guest data over metadata.
     *
     * @return 0 or -EIO
     */
    int checkOverlap(long hostOffset, long bytes) {
        if (hasDataFile) {
            return 0;
        }
        long end = hostOffset + bytes;
        for (long at = geometry.clusterStart(hostOffset); at < end; at += geometry.clusterSize) {
            int found = metadataClusters().classOf(at >>> geometry.clusterBits);
            if (found != 0) {
                return corruption.signal(
                        true,
                        hostOffset,
                        bytes,
                        "Preventing invalid write on metadata (overlaps with %s)",
                        OverlapCheck.describe(found));
            }
        }
        return 0;
    }

    /** What an L2 entry referred to loses a reference; nothing in memory refers to it any more. Under the metadata lock. */
    void freeEntry(long entry, boolean discard) {
        if (hasDataFile) {
            return;
        }
        if (L2Entry.isCompressed(entry)) {
            long host = CompressedDescriptor.hostOffset(entry, geometry.clusterBits);
            release().freeCompressed(host, CompressedDescriptor.bytes(entry, geometry.clusterBits), discard);
            return;
        }
        long host = L2Entry.hostOffset(entry);
        if (!geometry.isClusterAligned(host)) {
            corruption.signal(false, -1, -1, "Cannot free unaligned cluster %s", Corruption.hex(host));
        } else if (host != 0) {
            release().free(host, 1, discard);
        }
    }

    /** A table has moved: its old clusters go when the new place is on stable storage. Under the metadata lock. */
    void moveMetadata(long oldOffset, long oldClusters, long newCluster, long newClusters, int overlapClass) {
        for (long i = 0; i < oldClusters; i++) {
            metadataClusters().remove((oldOffset >>> geometry.clusterBits) + i);
        }
        metadataClusters().addRange(newCluster, newClusters, overlapClass);
        release().free(oldOffset, oldClusters, false);
    }

    /** Before an allocation: writes back if much has piled up. 0 or -errno. */
    int relieve() {
        boolean due;
        metadataLock.lock();
        try {
            due = l2Cache.dirtyCount() > l2Cache.capacity() / 2 || release().isBacklogged();
        } finally {
            metadataLock.unlock();
        }
        int result = due ? writeback().flush() : 0;
        release().releaseDue();
        return result;
    }

    /** Makes everything durable, and releases what nobody uses any more. */
    int flushAll() {
        int result = writeback().flush();
        release().releaseDue();
        return result;
    }

    /** Refuses everything until it is opened again; the file stays as it is. */
    void eject(String reason) {
        ejected = true;
        corruption.report("Image '" + file.node().nodeName() + "' is out of use until it is opened again: " + reason);
    }

    /** Sets the corrupt bit on disk, where the version has one, and refuses everything from now on. */
    void markCorrupt() {
        ejected = true;
        if (version >= 3 && header().writeFeature(file, Feature.INCOMPAT_CORRUPT) == 0) {
            file.flush();
        }
    }
}
