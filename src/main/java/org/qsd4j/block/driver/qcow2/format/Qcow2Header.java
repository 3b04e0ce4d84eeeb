package org.qsd4j.block.driver.qcow2.format;

import org.qsd4j.sys.NativeBuffer;

/**
 * The header (specification: "Header"), big endian.
 *
 * <pre>
 *   0  4  magic "QFI\xfb"
 *   4  4  version: 2 or 3
 *   8  8  backing_file_offset, 0: none
 *  16  4  backing_file_size: bytes of its name, at most 1023
 *  20  4  cluster_bits: 9 to 21
 *  24  8  size of the virtual disk in bytes
 *  32  4  crypt_method: 0 none, 1 AES, 2 LUKS
 *  36  4  l1_size: entries
 *  40  8  l1_table_offset
 *  48  8  refcount_table_offset
 *  56  4  refcount_table_clusters
 *  60  4  nb_snapshots
 *  64  8  snapshots_offset
 *                                        version 2 ends here
 *  72  8  incompatible_features
 *  80  8  compatible_features
 *  88  8  autoclear_features
 *  96  4  refcount_order: log2 of the width in bits, at most 6
 * 100  4  header_length
 * 104  1  compression_type: 0 zlib, 1 zstd
 * </pre>
 *
 * Counts that the format has as unsigned 32-bit numbers are longs here. Parsing checks nothing but the lengths; {@link
 * HeaderCheck} does.
 */
public record Qcow2Header(
        int magic,
        int version,
        long backingFileOffset,
        long backingFileSize,
        long clusterBits,
        long size,
        long cryptMethod,
        long l1Size,
        long l1TableOffset,
        long refcountTableOffset,
        long refcountTableClusters,
        long nbSnapshots,
        long snapshotsOffset,
        long incompatibleFeatures,
        long compatibleFeatures,
        long autoclearFeatures,
        long refcountOrder,
        long headerLength,
        int compressionType) {
    public static final int MAGIC = 0x5146_49fb;
    public static final int CRYPT_NONE = 0;
    public static final int CRYPT_AES = 1;
    public static final int CRYPT_LUKS = 2;
    public static final int COMPRESSION_ZLIB = 0;
    public static final int COMPRESSION_ZSTD = 1;

    public static final int VERSION = 4;
    public static final int BACKING_FILE_OFFSET = 8;
    public static final int BACKING_FILE_SIZE = 16;
    public static final int SIZE_FIELD = 24;
    public static final int L1_SIZE = 36;
    public static final int L1_TABLE_OFFSET = 40;
    public static final int REFCOUNT_TABLE_OFFSET = 48;
    public static final int REFCOUNT_TABLE_CLUSTERS = 56;
    public static final int NB_SNAPSHOTS = 60;
    public static final int SNAPSHOTS_OFFSET = 64;
    public static final int INCOMPATIBLE_FEATURES = 72;
    public static final int AUTOCLEAR_FEATURES = 88;

    public static final int V2_LENGTH = 72;
    public static final int V3_MIN_LENGTH = 104;

    /** All fields known here, with the padding of the last. */
    public static final int LENGTH = 112;

    private static final int V2_REFCOUNT_ORDER = 4;
    private static final long U32 = 0xffff_ffffL;

    /** Reads the {@link #LENGTH} bytes at the buffer's start; fields that the header's version hasn't get their defaults. */
    public static Qcow2Header parse(NativeBuffer b) {
        int version = b.getIntBE(4);
        boolean v3 = version >= 3;
        long headerLength = v3 ? b.getIntBE(100) & U32 : V2_LENGTH;
        return new Qcow2Header(
                b.getIntBE(0),
                version,
                b.getLongBE(8),
                b.getIntBE(16) & U32,
                b.getIntBE(20) & U32,
                b.getLongBE(24),
                b.getIntBE(32) & U32,
                b.getIntBE(36) & U32,
                b.getLongBE(40),
                b.getLongBE(48),
                b.getIntBE(56) & U32,
                b.getIntBE(60) & U32,
                b.getLongBE(64),
                v3 ? b.getLongBE(72) : 0,
                v3 ? b.getLongBE(80) : 0,
                v3 ? b.getLongBE(88) : 0,
                v3 ? b.getIntBE(96) & U32 : V2_REFCOUNT_ORDER,
                headerLength,
                headerLength > 104 ? b.getByte(104) & 0xff : 0);
    }

    /** Writes {@code headerLength} bytes at the buffer's start. */
    public void writeTo(NativeBuffer b) {
        b.putIntBE(0, magic);
        b.putIntBE(4, version);
        b.putLongBE(8, backingFileOffset);
        b.putIntBE(16, (int) backingFileSize);
        b.putIntBE(20, (int) clusterBits);
        b.putLongBE(24, size);
        b.putIntBE(32, (int) cryptMethod);
        b.putIntBE(36, (int) l1Size);
        b.putLongBE(40, l1TableOffset);
        b.putLongBE(48, refcountTableOffset);
        b.putIntBE(56, (int) refcountTableClusters);
        b.putIntBE(60, (int) nbSnapshots);
        b.putLongBE(64, snapshotsOffset);
        if (version >= 3) {
            b.putLongBE(72, incompatibleFeatures);
            b.putLongBE(80, compatibleFeatures);
            b.putLongBE(88, autoclearFeatures);
            b.putIntBE(96, (int) refcountOrder);
            b.putIntBE(100, (int) headerLength);
            b.putLongBE(104, (long) compressionType << 56);
        }
    }

    public boolean isIncompatible(long feature) {
        return (incompatibleFeatures & feature) != 0;
    }

    public boolean hasAutoclear(long feature) {
        return (autoclearFeatures & feature) != 0;
    }

    public boolean hasExtendedL2() {
        return isIncompatible(Feature.INCOMPAT_EXTL2);
    }

    public boolean hasDataFile() {
        return isIncompatible(Feature.INCOMPAT_DATA_FILE);
    }

    /** Whether the file's first bytes are a qcow2 header, for who must tell formats apart. */
    public static boolean probe(NativeBuffer start) {
        return start.getIntBE(0) == MAGIC && start.getIntBE(VERSION) >= 2;
    }
}
