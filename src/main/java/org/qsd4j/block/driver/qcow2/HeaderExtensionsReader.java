package org.qsd4j.block.driver.qcow2;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.driver.qcow2.format.Feature;
import org.qsd4j.block.driver.qcow2.format.HeaderExtensions;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/** Parses the header extensions out of the first cluster, once. QEMU: {@code qcow2_read_extensions}. */
final class HeaderExtensionsReader {
    private static final int MAX_FORMAT_NAME = 16;
    private static final long MAX_BITMAPS = 65535;
    private static final long MAX_BITMAP_DIRECTORY = 1024L * MAX_BITMAPS;

    private final Qcow2Header header;
    private final NativeBuffer cluster;
    private final int end;

    private @Nullable String backingFormat;
    private @Nullable String dataFile;
    private HeaderExtensions.@Nullable Crypto crypto;
    private HeaderExtensions.@Nullable Bitmaps bitmaps;
    private final List<Feature.Name> featureNames = new ArrayList<>();
    private final List<HeaderExtensions.Unknown> unknown = new ArrayList<>();

    private HeaderExtensionsReader(Qcow2Header header, NativeBuffer cluster) {
        this.header = header;
        this.cluster = cluster;
        this.end = header.backingFileOffset() != 0 ? (int) header.backingFileOffset() : 1 << header.clusterBits();
    }

    /** {@code cluster} holds the image's first cluster; the header has passed {@link HeaderCheck#checkLayout}. */
    static HeaderExtensions read(Qcow2Header header, NativeBuffer cluster) {
        return new HeaderExtensionsReader(header, cluster).readAll();
    }

    private HeaderExtensions readAll() {
        int at = (int) header.headerLength();
        while (at < end) {
            if (at + 8 > cluster.capacity()) {
                throw QapiException.generic("Header extension too large");
            }
            int type = cluster.getIntBE(at);
            long length = cluster.getIntBE(at + 4) & 0xffff_ffffL;
            at += 8;
            if (at > end || length > end - at) {
                throw QapiException.generic("Header extension too large");
            }
            if (type == HeaderExtensions.END) {
                break;
            }
            readOne(type, at, (int) length);
            at = (int) Align.up(at + length, 8);
        }
        return new HeaderExtensions(backingFormat, dataFile, crypto, bitmaps, featureNames, unknown);
    }

    private void readOne(int type, int at, int length) {
        switch (type) {
            case HeaderExtensions.BACKING_FORMAT -> {
                if (length >= MAX_FORMAT_NAME) {
                    throw QapiException.generic("ERROR: ext_backing_format: len=%d too large (>=%d)", length, 16);
                }
                backingFormat = string(at, length);
            }
            case HeaderExtensions.FEATURE_TABLE -> readFeatureNames(at, length);
            case HeaderExtensions.CRYPTO -> readCrypto(at, length);
            case HeaderExtensions.BITMAPS -> readBitmaps(at, length);
            case HeaderExtensions.DATA_FILE -> dataFile = string(at, length);
            default -> unknown.add(new HeaderExtensions.Unknown(type, length));
        }
    }

    private void readFeatureNames(int at, int length) {
        for (int entry = at; entry + Feature.Name.SIZE <= at + length; entry += Feature.Name.SIZE) {
            int nameEnd = entry + 2;
            while (nameEnd < entry + Feature.Name.SIZE && cluster.getByte(nameEnd) != 0) {
                nameEnd++;
            }
            String name = string(entry + 2, nameEnd - entry - 2);
            featureNames.add(new Feature.Name(cluster.getByte(entry) & 0xff, cluster.getByte(entry + 1) & 0xff, name));
        }
    }

    private void readCrypto(int at, int length) {
        if (header.cryptMethod() != Qcow2Header.CRYPT_LUKS) {
            throw QapiException.generic("CRYPTO header extension only expected with LUKS encryption method");
        }
        if (length != HeaderExtensions.Crypto.SIZE) {
            throw QapiException.generic(
                    "CRYPTO header extension size %d, but expected size %d", length, HeaderExtensions.Crypto.SIZE);
        }
        crypto = new HeaderExtensions.Crypto(cluster.getLongBE(at), cluster.getLongBE(at + 8));
        if (!isClusterAligned(crypto.offset())) {
            throw QapiException.generic(
                    "Encryption header offset '%s' is not a multiple of cluster size '%d'",
                    Long.toUnsignedString(crypto.offset()), 1L << header.clusterBits());
        }
    }

    private void readBitmaps(int at, int length) {
        if (length != HeaderExtensions.Bitmaps.SIZE) {
            throw QapiException.generic("bitmaps_ext: Invalid extension length");
        }
        if (!header.hasAutoclear(Feature.AUTOCLEAR_BITMAPS)) {
            return;
        }
        if (cluster.getIntBE(at + 4) != 0) {
            throw QapiException.generic("bitmaps_ext: Reserved field is not zero");
        }
        long count = cluster.getIntBE(at) & 0xffff_ffffL;
        long size = cluster.getLongBE(at + 8);
        long offset = cluster.getLongBE(at + 16);
        if (count > MAX_BITMAPS) {
            throw QapiException.generic(
                    "bitmaps_ext: Image has %d bitmaps, exceeding the QEMU supported maximum of %d",
                    count, MAX_BITMAPS);
        }
        if (count == 0) {
            throw QapiException.generic("found bitmaps extension with zero bitmaps");
        }
        if (!isClusterAligned(offset)) {
            throw QapiException.generic("bitmaps_ext: invalid bitmap directory offset");
        }
        if (Long.compareUnsigned(size, MAX_BITMAP_DIRECTORY) > 0) {
            throw QapiException.generic(
                    "bitmaps_ext: bitmap directory size (%s) exceeds the maximum supported size (%d)",
                    Long.toUnsignedString(size), MAX_BITMAP_DIRECTORY);
        }
        bitmaps = new HeaderExtensions.Bitmaps(count, size, offset, at);
    }

    private boolean isClusterAligned(long offset) {
        return Align.isAligned(offset, 1L << header.clusterBits());
    }

    private String string(int at, int length) {
        byte[] data = new byte[length];
        cluster.get(at, data, 0, length);
        return new String(data, StandardCharsets.UTF_8);
    }
}
