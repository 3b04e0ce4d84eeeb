package org.qsd4j.block.driver.qcow2;

import java.util.StringJoiner;
import org.qsd4j.block.driver.qcow2.format.Feature;
import org.qsd4j.block.driver.qcow2.format.HeaderExtensions;
import org.qsd4j.block.driver.qcow2.format.ImageLimits;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.block.driver.qcow2.format.SubclusterBitmap;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.util.Align;

/**
 * Whether a header makes sense, in two steps: before the extensions are read (what says where they are) and after. Past
 * it every field is inside the limits of its table, so that nobody downstream has to look again.
 */
final class HeaderCheck {
    private HeaderCheck() {}

    /** Magic, version, cluster size, header length, backing file's place: what the extensions' reader relies on. */
    static void checkLayout(Qcow2Header h) {
        if (h.magic() != Qcow2Header.MAGIC) {
            throw QapiException.generic("Image is not in qcow2 format");
        }
        if (h.version() != 2 && h.version() != 3) {
            throw QapiException.generic("Unsupported qcow2 version %s", Integer.toUnsignedString(h.version()));
        }
        if (h.clusterBits() < ImageLimits.MIN_CLUSTER_BITS || h.clusterBits() > ImageLimits.MAX_CLUSTER_BITS) {
            throw QapiException.generic("Unsupported cluster size: 2^%d", h.clusterBits());
        }
        long clusterSize = 1L << h.clusterBits();
        if (h.version() >= 3 && h.headerLength() < Qcow2Header.V3_MIN_LENGTH) {
            throw QapiException.generic("qcow2 header too short");
        }
        if (h.headerLength() > clusterSize) {
            throw QapiException.generic("qcow2 header exceeds cluster size");
        }
        if (Long.compareUnsigned(h.backingFileOffset(), clusterSize) > 0) {
            throw QapiException.generic("Invalid backing file offset");
        }
    }

    /** Everything else but the backing file's name. {@code writable}: the image is about to be written to. */
    static void check(Qcow2Header h, HeaderExtensions extensions, boolean writable) {
        checkFeatures(h, extensions, writable);
        checkEntryFormats(h);
        checkTables(h);
    }

    private static void checkFeatures(Qcow2Header h, HeaderExtensions extensions, boolean writable) {
        long unknown = h.incompatibleFeatures() & ~Feature.INCOMPAT_MASK;
        if (unknown != 0) {
            throw QapiException.generic("Unsupported qcow2 feature(s): %s", featureNames(unknown, extensions));
        }
        if (h.isIncompatible(Feature.INCOMPAT_CORRUPT) && writable) {
            throw QapiException.generic("qcow2: Image is corrupt; cannot be opened read/write");
        }
    }

    private static String featureNames(long mask, HeaderExtensions extensions) {
        StringJoiner names = new StringJoiner(", ");
        long rest = mask;
        for (Feature.Name feature : extensions.featureNames()) {
            boolean wanted = feature.type() == Feature.Name.INCOMPATIBLE && feature.bit() < 64;
            if (wanted && (rest >>> feature.bit() & 1) != 0) {
                names.add(feature.name());
                rest &= ~(1L << feature.bit());
            }
        }
        if (rest != 0) {
            names.add("Unknown incompatible feature: " + Long.toHexString(rest));
        }
        return names.toString();
    }

    private static void checkEntryFormats(Qcow2Header h) {
        checkCompressionType(h);
        if (h.hasExtendedL2() && h.clusterBits() - 5 < ImageLimits.MIN_SUBCLUSTER_BITS) {
            throw QapiException.generic(
                    "Unsupported subcluster size: %d", (1L << h.clusterBits()) / SubclusterBitmap.COUNT);
        }
        if (h.refcountOrder() > 6) {
            throw QapiException.generic("Reference count entry width too large; may not exceed 64 bits");
        }
    }

    private static void checkCompressionType(Qcow2Header h) {
        boolean bit = h.isIncompatible(Feature.INCOMPAT_COMPRESSION);
        if (h.compressionType() == Qcow2Header.COMPRESSION_ZLIB) {
            if (bit) {
                throw QapiException.generic("qcow2: Compression type incompatible feature bit must not be set");
            }
        } else if (!bit) {
            throw QapiException.generic("qcow2: Compression type incompatible feature bit must be set");
        }
        if (h.compressionType() > Qcow2Header.COMPRESSION_ZSTD) {
            throw QapiException.generic("qcow2: unknown compression type: %d", h.compressionType());
        }
    }

    private static void checkTables(Qcow2Header h) {
        if (h.refcountTableClusters() == 0) {
            throw QapiException.generic("Image does not contain a reference count table");
        }
        long clusterSize = 1L << h.clusterBits();
        checkTable(
                h,
                h.refcountTableOffset(),
                h.refcountTableClusters() * clusterSize,
                ImageLimits.MAX_REFCOUNT_TABLE_BYTES,
                "Reference count table");
        if (h.nbSnapshots() > ImageLimits.MAX_SNAPSHOTS) {
            throw QapiException.generic("%s too large", "Snapshot table");
        }
        checkTable(h, h.snapshotsOffset(), h.nbSnapshots() * 40, Long.MAX_VALUE, "Snapshot table");
        checkTable(h, h.l1TableOffset(), h.l1Size() * Long.BYTES, ImageLimits.MAX_L1_BYTES, "Active L1 table");
        checkL1Size(h);
        if (h.cryptMethod() > Qcow2Header.CRYPT_LUKS) {
            throw QapiException.generic("Unsupported encryption method %d", h.cryptMethod());
        }
        if (h.hasAutoclear(Feature.AUTOCLEAR_DATA_FILE_RAW) && !h.hasDataFile()) {
            throw QapiException.generic("data-file-raw requires a data file");
        }
    }

    /** A table's size and place. QEMU: {@code qcow2_validate_table}. */
    static void checkTable(Qcow2Header h, long offset, long bytes, long maxBytes, String name) {
        if (bytes > maxBytes) {
            throw QapiException.generic("%s too large", name);
        }
        if (offset < 0 || Long.MAX_VALUE - bytes < offset || !Align.isAligned(offset, 1L << h.clusterBits())) {
            throw QapiException.generic("%s offset invalid", name);
        }
    }

    private static void checkL1Size(Qcow2Header h) {
        long needed = ClusterGeometry.of(h).l1EntriesFor(h.size());
        if (needed < 0 || needed > Integer.MAX_VALUE) {
            throw QapiException.generic("Image is too big");
        }
        if (h.l1Size() < needed) {
            throw QapiException.generic("L1 table is too small");
        }
    }

    /** After the extensions, since their area ends where the name starts. */
    static void checkBackingName(Qcow2Header h) {
        if (h.backingFileOffset() == 0) {
            return;
        }
        long room = (1L << h.clusterBits()) - h.backingFileOffset();
        if (h.backingFileSize() > Math.min(ImageLimits.MAX_BACKING_FILE_NAME, room)) {
            throw QapiException.generic("Backing file name too long");
        }
    }
}
