package org.qsd4j.block.driver.qcow2;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.driver.qcow2.format.Feature;
import org.qsd4j.block.driver.qcow2.format.HeaderExtensions;
import org.qsd4j.block.driver.qcow2.format.ImageLimits;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.block.driver.qcow2.format.RefcountBlock;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/**
 * The bytes of an empty image: header, refcount table, refcount blocks, L1 table, one behind another. QEMU: {@code
 * qcow2_co_create}.
 */
final class NewImage {
    private static final Feature.Name[] NAMES = {
        new Feature.Name(Feature.Name.INCOMPATIBLE, 0, "dirty bit"),
        new Feature.Name(Feature.Name.INCOMPATIBLE, 1, "corrupt bit"),
        new Feature.Name(Feature.Name.INCOMPATIBLE, 2, "external data file"),
        new Feature.Name(Feature.Name.INCOMPATIBLE, 3, "compression type"),
        new Feature.Name(Feature.Name.INCOMPATIBLE, 4, "extended L2 entries"),
        new Feature.Name(Feature.Name.COMPATIBLE, 0, "lazy refcounts"),
        new Feature.Name(Feature.Name.AUTOCLEAR, 0, "bitmaps"),
        new Feature.Name(Feature.Name.AUTOCLEAR, 1, "raw external data"),
    };

    private final CreateOptions options;
    private final @Nullable NewEncryption encryption;
    private final int clusterBits;
    private final int clusterSize;
    private final int refcountOrder;
    private final long l1Entries;
    private long l1Clusters;
    private long blocks;
    private long tableClusters;
    private final long cryptoLength;

    /** @throws QapiException if the options don't fit each other */
    NewImage(CreateOptions options) {
        options.check();
        this.options = options;
        this.clusterSize = (int) options.clusterSize();
        this.clusterBits = Integer.numberOfTrailingZeros(clusterSize);
        this.encryption = options.encryption();
        this.cryptoLength = encryption == null ? 0 : encryption.headerLength();
        this.refcountOrder = Long.numberOfTrailingZeros(options.refcountBits());
        int entryBits = clusterBits + clusterBits - (options.extendedL2() ? 4 : 3);
        this.l1Entries = (options.size() >>> entryBits) + ((options.size() & ((1L << entryBits) - 1)) != 0 ? 1 : 0);
        checkSize();
        String backing = options.backingFile();
        if (backing != null && utf8(backing).length > ImageLimits.MAX_BACKING_FILE_NAME) {
            throw unusableBacking();
        }
        layOut();
    }

    private void checkSize() {
        long size = options.size();
        if (size < 0) {
            throw QapiException.withErrno(Errno.EINVAL, "Could not resize image: Image size cannot be negative");
        }
        if (size > BlockNode.MAX_LENGTH) {
            throw QapiException.withErrno(
                    Errno.EIO, "Could not resize image: offset(%d) exceeds maximum(%d)", size, BlockNode.MAX_LENGTH);
        }
        if (l1Entries * Long.BYTES > ImageLimits.MAX_L1_BYTES) {
            throw QapiException.fromErrno(Errno.EFBIG, "Could not resize image: Failed to grow the L1 table");
        }
    }

    private QapiException unusableBacking() {
        return QapiException.fromErrno(
                Errno.EINVAL,
                "Could not assign backing file '%s' with format '%s'",
                String.valueOf(options.backingFile()),
                String.valueOf(options.backingFormat()));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void layOut() {
        long perBlock = (8L * clusterSize) >>> refcountOrder;
        l1Clusters = clustersFor(l1Entries * Long.BYTES);
        tableClusters = 1;
        blocks = 1;
        while (true) {
            long total = 1 + tableClusters + blocks + l1Clusters + clustersFor(cryptoLength);
            long needed = (total + perBlock - 1) / perBlock;
            if (needed <= blocks) {
                return;
            }
            blocks = needed;
            tableClusters = clustersFor(blocks * Long.BYTES);
        }
    }

    private long clustersFor(long bytes) {
        return (bytes + clusterSize - 1) / clusterSize;
    }

    /** The image's length: everything that {@link #bytes} has, the L1 table, and the header of the encryption. */
    long length() {
        return cryptoOffset() + clustersFor(cryptoLength) * clusterSize;
    }

    /** How long the file is at first: as in QEMU, an L1 table that comes last ends in the middle of its cluster. */
    long fileLength() {
        return cryptoLength > 0 ? length() : length() - l1Clusters * clusterSize + l1Entries * Long.BYTES;
    }

    /** Where the header of the encryption goes. */
    long cryptoOffset() {
        return (1 + tableClusters + blocks + l1Clusters) * clusterSize;
    }

    /** All of the image up to the L1 table, which is zeroes and reaches to {@link #length}. */
    NativeBuffer bytes() {
        NativeBuffer image = NativeBuffer.allocate(Math.toIntExact((1 + tableClusters + blocks) * clusterSize));
        header().writeTo(image);
        writeExtensions(image);
        writeRefcounts(image);
        return image;
    }

    private Qcow2Header header() {
        String backing = options.backingFile();
        int nameBytes = backing == null ? 0 : utf8(backing).length;
        int nameAt = headerLength() + extensionsLength();
        if (nameAt + nameBytes > clusterSize) {
            throw unusableBacking();
        }
        long incompatible = (options.hasDataFile() ? Feature.INCOMPAT_DATA_FILE : 0)
                | (options.zstd() ? Feature.INCOMPAT_COMPRESSION : 0)
                | (options.extendedL2() ? Feature.INCOMPAT_EXTL2 : 0);
        return new Qcow2Header(
                Qcow2Header.MAGIC,
                options.version(),
                backing == null ? 0 : nameAt,
                nameBytes,
                clusterBits,
                options.size(),
                encryption == null ? Qcow2Header.CRYPT_NONE : encryption.method(),
                l1Entries,
                (1 + tableClusters + blocks) * clusterSize,
                clusterSize,
                tableClusters,
                0,
                0,
                incompatible,
                options.lazyRefcounts() ? Feature.COMPAT_LAZY_REFCOUNTS : 0,
                options.dataFileRaw() ? Feature.AUTOCLEAR_DATA_FILE_RAW : 0,
                refcountOrder,
                headerLength(),
                options.zstd() ? Qcow2Header.COMPRESSION_ZSTD : Qcow2Header.COMPRESSION_ZLIB);
    }

    private int headerLength() {
        return options.version() >= 3 ? Qcow2Header.LENGTH : Qcow2Header.V2_LENGTH;
    }

    /** The names are for people: in the smallest clusters they give way to what the image can't do without. */
    private boolean hasFeatureTable() {
        String backing = options.backingFile();
        int name = backing == null ? 0 : backing.getBytes(StandardCharsets.UTF_8).length;
        int table = 8 + NAMES.length * Feature.Name.SIZE;
        return options.version() >= 3 && headerLength() + neededExtensionsLength() + table + name <= clusterSize;
    }

    private int extensionsLength() {
        return neededExtensionsLength() + (hasFeatureTable() ? 8 + NAMES.length * Feature.Name.SIZE : 0);
    }

    private int neededExtensionsLength() {
        return extensionLength(options.backingFormat())
                + extensionLength(options.dataFile())
                + (cryptoLength == 0 ? 0 : 8 + HeaderExtensions.Crypto.SIZE)
                + 8;
    }

    private static int extensionLength(@Nullable String text) {
        return text == null ? 0 : 8 + (int) Align.up(utf8(text).length, 8);
    }

    private void writeExtensions(NativeBuffer image) {
        int at = headerLength();
        at = writeString(image, at, HeaderExtensions.BACKING_FORMAT, options.backingFormat());
        at = writeString(image, at, HeaderExtensions.DATA_FILE, options.dataFile());
        if (cryptoLength != 0) {
            image.putIntBE(at, HeaderExtensions.CRYPTO);
            image.putIntBE(at + 4, HeaderExtensions.Crypto.SIZE);
            image.putLongBE(at + 8, cryptoOffset());
            image.putLongBE(at + 16, cryptoLength);
            at += 8 + HeaderExtensions.Crypto.SIZE;
        }
        if (hasFeatureTable()) {
            image.putIntBE(at, HeaderExtensions.FEATURE_TABLE);
            image.putIntBE(at + 4, NAMES.length * Feature.Name.SIZE);
            at += 8;
            for (Feature.Name name : NAMES) {
                image.putByte(at, (byte) name.type());
                image.putByte(at + 1, (byte) name.bit());
                byte[] text = name.name().getBytes(StandardCharsets.UTF_8);
                image.put(at + 2, text, 0, text.length);
                at += Feature.Name.SIZE;
            }
        }
        String backing = options.backingFile();
        if (backing != null) {
            byte[] text = utf8(backing);
            image.put(at + 8, text, 0, text.length);
        }
    }

    private static int writeString(NativeBuffer image, int at, int type, @Nullable String text) {
        if (text == null) {
            return at;
        }
        byte[] bytes = utf8(text);
        image.putIntBE(at, type);
        image.putIntBE(at + 4, bytes.length);
        image.put(at + 8, bytes, 0, bytes.length);
        return at + extensionLength(text);
    }

    private void writeRefcounts(NativeBuffer image) {
        long firstBlock = 1 + tableClusters;
        for (int i = 0; i < blocks; i++) {
            image.putLongBE(clusterSize + i * Long.BYTES, (firstBlock + i) * clusterSize);
        }
        int used = (int) (length() / clusterSize);
        byte[] block = new byte[Math.toIntExact(blocks * clusterSize)];
        for (int cluster = 0; cluster < used; cluster++) {
            RefcountBlock.set(block, cluster, refcountOrder, 1);
        }
        image.put((int) firstBlock * clusterSize, block, 0, block.length);
    }
}
