package org.qsd4j.block.driver.qcow2;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.driver.qcow2.format.Feature;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.block.driver.qcow2.format.SnapshotEntry;
import org.qsd4j.crypto.LuksVolume;
import org.qsd4j.qapi.gen.BlockdevQcow2EncryptionFormat;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.qapi.gen.ImageInfoSpecific;
import org.qsd4j.qapi.gen.ImageInfoSpecificBase;
import org.qsd4j.qapi.gen.ImageInfoSpecificKind;
import org.qsd4j.qapi.gen.ImageInfoSpecificQCow2;
import org.qsd4j.qapi.gen.ImageInfoSpecificQCow2Encryption;
import org.qsd4j.qapi.gen.ImageInfoSpecificQCow2EncryptionBase;
import org.qsd4j.qapi.gen.ImageInfoSpecificQCow2Wrapper;
import org.qsd4j.qapi.gen.Qcow2BitmapInfo;
import org.qsd4j.qapi.gen.Qcow2BitmapInfoFlags;
import org.qsd4j.qapi.gen.Qcow2CompressionType;
import org.qsd4j.qapi.gen.SnapshotInfo;

/** What replies tell of an image beyond what all nodes have. QEMU: {@code qcow2_get_specific_info}. */
final class ImageDescription {
    private static final long NANOS = 1_000_000_000L;

    private ImageDescription() {}

    static void describe(Qcow2Image image, ImageInfo.Builder info) {
        ImageMetadata metadata = image.metadata;
        if (metadata.backingFile() != null) {
            info.backingFilename(metadata.backingFile());
            info.fullBackingFilename(image.backingName());
            info.backingFilenameFormat(metadata.extensions().backingFormat());
        }
        List<SnapshotInfo> snapshots = new ArrayList<>();
        for (SnapshotEntry snapshot : image.snapshots().entries()) {
            snapshots.add(snapshotInfo(snapshot));
        }
        info.snapshots(snapshots.isEmpty() ? null : snapshots);
        info.encrypted(image.guestData.isEncrypted() ? true : null);
        info.formatSpecific(new ImageInfoSpecific.Qcow2(
                new ImageInfoSpecificBase(ImageInfoSpecificKind.QCOW2),
                new ImageInfoSpecificQCow2Wrapper(specific(image))));
    }

    static SnapshotInfo snapshotInfo(SnapshotEntry snapshot) {
        return SnapshotInfo.builder()
                .id(snapshot.id())
                .name(snapshot.name())
                .vmStateSize(snapshot.vmStateSize())
                .dateSec(snapshot.dateSeconds())
                .dateNsec(snapshot.dateNanos())
                .vmClockSec(snapshot.vmClockNanos() / NANOS)
                .vmClockNsec(snapshot.vmClockNanos() % NANOS)
                .icount(snapshot.icount() < 0 ? null : snapshot.icount())
                .build();
    }

    private static ImageInfoSpecificQCow2 specific(Qcow2Image image) {
        Qcow2Header header = image.metadata.header();
        boolean v3 = header.version() >= 3;
        return ImageInfoSpecificQCow2.builder()
                .compat(v3 ? "1.1" : "0.10")
                .dataFile(image.metadata.extensions().dataFile())
                .dataFileRaw(header.hasDataFile() ? header.hasAutoclear(Feature.AUTOCLEAR_DATA_FILE_RAW) : null)
                .extendedL2(v3 ? header.hasExtendedL2() : null)
                .lazyRefcounts(v3 ? (header.compatibleFeatures() & Feature.COMPAT_LAZY_REFCOUNTS) != 0 : null)
                .corrupt(v3 ? image.isEjected() || header.isIncompatible(Feature.INCOMPAT_CORRUPT) : null)
                .refcountBits(1L << header.refcountOrder())
                .encrypt(encryption(image))
                .bitmaps(bitmaps(image))
                .compressionType(
                        header.compressionType() == Qcow2Header.COMPRESSION_ZSTD
                                ? Qcow2CompressionType.ZSTD
                                : Qcow2CompressionType.ZLIB)
                .build();
    }

    private static @Nullable ImageInfoSpecificQCow2Encryption encryption(Qcow2Image image) {
        ImageEncryption encryption = image.guestData.encryption();
        if (encryption == null) {
            return null;
        }
        LuksVolume luks = encryption.luks();
        return luks == null
                ? new ImageInfoSpecificQCow2Encryption.Aes(
                        new ImageInfoSpecificQCow2EncryptionBase(BlockdevQcow2EncryptionFormat.AES))
                : new ImageInfoSpecificQCow2Encryption.Luks(
                        new ImageInfoSpecificQCow2EncryptionBase(BlockdevQcow2EncryptionFormat.LUKS), luks.info());
    }

    private static @Nullable List<Qcow2BitmapInfo> bitmaps(Qcow2Image image) {
        List<Qcow2BitmapInfo> infos = new ArrayList<>();
        for (BitmapDirectory.Entry entry : BitmapDirectory.read(image.file, image.metadata)) {
            List<Qcow2BitmapInfoFlags> flags = new ArrayList<>();
            if ((entry.flags() & BitmapDirectory.FLAG_IN_USE) != 0) {
                flags.add(Qcow2BitmapInfoFlags.IN_USE);
            }
            if ((entry.flags() & BitmapDirectory.FLAG_AUTO) != 0) {
                flags.add(Qcow2BitmapInfoFlags.AUTO);
            }
            infos.add(new Qcow2BitmapInfo(entry.name(), 1 << entry.granularityBits(), flags));
        }
        return infos.isEmpty() ? null : infos;
    }
}
