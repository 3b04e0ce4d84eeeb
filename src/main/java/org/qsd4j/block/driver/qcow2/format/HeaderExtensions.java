package org.qsd4j.block.driver.qcow2.format;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands between the header and the backing file's name (specification: "Header extensions"). Each starts with
 * type (4 bytes) and length (4), and is padded to a multiple of 8.
 *
 * @param backingFormat the backing file's format name, or null
 * @param dataFile the external data file's name, or null
 * @param crypto where the LUKS header is, or null
 * @param bitmaps where the bitmap directory is, or null
 * @param featureNames the feature name table, in its order
 * @param unknown extensions of types not known here, which stay in the image as they are
 */
public record HeaderExtensions(
        @Nullable String backingFormat,
        @Nullable String dataFile,
        @Nullable Crypto crypto,
        @Nullable Bitmaps bitmaps,
        List<Feature.Name> featureNames,
        List<Unknown> unknown) {
    public static final int END = 0;
    public static final int BACKING_FORMAT = 0xe279_2aca;
    public static final int FEATURE_TABLE = 0x6803_f857;
    public static final int BITMAPS = 0x2385_2875;
    public static final int CRYPTO = 0x0537_be77;
    public static final int DATA_FILE = 0x4441_5441;

    public static final HeaderExtensions NONE = new HeaderExtensions(null, null, null, null, List.of(), List.of());

    /** "Full disk encryption header pointer": byte offset and length of the LUKS header. */
    public record Crypto(long offset, long length) {
        public static final int SIZE = 16;
    }

    /** "Bitmaps extension"; {@code position} is where the extension's data stands in the image file. */
    public record Bitmaps(long count, long directorySize, long directoryOffset, int position) {
        public static final int SIZE = 24;
    }

    /** An extension that this implementation doesn't know. */
    public record Unknown(int type, int length) {}
}
