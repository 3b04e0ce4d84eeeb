package org.qsd4j.block.driver.qcow2;

import org.qsd4j.block.BlockBackend;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.NativeBuffer;

/** Puts a new image on a node. */
final class ImageCreation {
    private ImageCreation() {}

    /**
     * Replaces what the node holds by an empty image.
     *
     * @param file with the permissions to write and resize; its contents are lost
     * @throws QapiException if the options don't fit, before anything is written, or the node fails
     */
    static void create(BlockBackend file, CreateOptions options) {
        NewImage image = new NewImage(options);
        NativeBuffer bytes = image.bytes();
        file.truncate(0, false, PreallocMode.OFF, 0);
        boolean keepsContents = file.length() != 0;
        file.truncate(image.fileLength(), false, PreallocMode.OFF, 0);
        if (keepsContents) {
            clear(file, image.fileLength());
        }
        // The header comes last: before it the file is no image, after it a whole one.
        int clusterSize = (int) options.clusterSize();
        int result = file.write(clusterSize, bytes, clusterSize, bytes.capacity() - clusterSize, 0);
        NewEncryption encryption = options.encryption();
        if (result == 0 && encryption != null) {
            result = encryption.write(file, image.cryptoOffset());
        }
        if (result == 0) {
            result = file.flush();
        }
        if (result == 0) {
            result = file.write(0, bytes, 0, clusterSize, 0);
        }
        if (result == 0) {
            result = file.flush();
        }
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not write qcow2 header");
        }
    }

    /** A device is as long as it was and full of something else, in the places of the tables, too. */
    private static void clear(BlockBackend device, long bytes) {
        int result = device.writeZeroes(0, bytes, 0);
        if (result == 0) {
            result = device.flush();
        }
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not write qcow2 header");
        }
    }
}
