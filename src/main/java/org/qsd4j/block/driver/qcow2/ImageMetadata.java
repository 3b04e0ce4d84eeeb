package org.qsd4j.block.driver.qcow2;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.driver.qcow2.format.HeaderExtensions;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.NativeBuffer;

/**
 * What an image says of itself before anything of its contents is read: enough to find its backing and data files.
 *
 * @param backingFile the backing file's name, or null
 */
record ImageMetadata(
        Qcow2Header header,
        HeaderExtensions extensions,
        @Nullable String backingFile,
        SnapshotTable snapshots) {

    /** Reads and checks all of it; every error is the real daemon's. */
    static ImageMetadata read(BlockChild file, boolean writable) {
        NativeBuffer start = NativeBuffer.allocate(Qcow2Header.LENGTH);
        readOrFail(file, 0, start, Qcow2Header.LENGTH, "Could not read qcow2 header");
        Qcow2Header header = Qcow2Header.parse(start);
        HeaderCheck.checkLayout(header);
        int clusterSize = 1 << header.clusterBits();
        NativeBuffer cluster = NativeBuffer.allocate(clusterSize);
        readOrFail(file, 0, cluster, clusterSize, "Could not read unknown header fields");
        HeaderExtensions extensions = HeaderExtensions.NONE;
        QapiException extensionError = null;
        try {
            extensions = HeaderExtensionsReader.read(header, cluster);
        } catch (QapiException e) {
            // The header's own faults come first.
            extensionError = e;
        }
        HeaderCheck.check(header, extensions, writable);
        if (extensionError != null) {
            throw extensionError;
        }
        HeaderCheck.checkBackingName(header);
        if (header.cryptMethod() == Qcow2Header.CRYPT_LUKS && extensions.crypto() == null) {
            throw QapiException.generic("Missing CRYPTO header for crypt method %d", Qcow2Header.CRYPT_LUKS);
        }
        return new ImageMetadata(header, extensions, backingFile(header, cluster), SnapshotTable.read(file, header));
    }

    private static @Nullable String backingFile(Qcow2Header header, NativeBuffer cluster) {
        if (header.backingFileOffset() == 0 || header.backingFileSize() == 0) {
            return null;
        }
        byte[] name = new byte[(int) header.backingFileSize()];
        cluster.get((int) header.backingFileOffset(), name, 0, name.length);
        return new String(name, StandardCharsets.UTF_8);
    }

    private static void readOrFail(BlockChild file, long offset, NativeBuffer buffer, int bytes, String what) {
        int result = file.read(offset, buffer, 0, bytes);
        if (result < 0) {
            throw QapiException.fromErrno(result, what);
        }
    }

    /** Size of the virtual disk: what the header says, cut down to whole sectors. */
    long diskSize() {
        return header.size() & -512L;
    }
}
