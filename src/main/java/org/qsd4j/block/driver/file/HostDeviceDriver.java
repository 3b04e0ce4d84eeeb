package org.qsd4j.block.driver.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsFile;
import org.qsd4j.sys.FileStat;

/** Driver {@code host_device}: block devices and character devices of the host. QEMU: {@code bdrv_host_device}. */
public final class HostDeviceDriver extends PosixDriver {
    @Override
    public String formatName() {
        return "host_device";
    }

    @Override
    public boolean takesPath(String filename) {
        return isDevice(filename);
    }

    /** Whether the path leads to a device. */
    public static boolean isDevice(String path) {
        try {
            int mode = (Integer) Files.getAttribute(Path.of(path), "unix:mode");
            int kind = mode & FileStat.S_IFMT;
            return kind == FileStat.S_IFBLK || kind == FileStat.S_IFCHR;
        } catch (IOException | InvalidPathException e) {
            // Whoever opens it says it better.
            return false;
        }
    }

    @Override
    BlockdevOptionsFile options(BlockdevOptions options) {
        return ((BlockdevOptions.HostDevice) options).u();
    }

    @Override
    void requireKind(FileStat stat, String filename) {
        if (!stat.isBlockDevice() && !stat.isCharacterDevice()) {
            throw QapiException.generic(
                    "'host_device' driver requires '%s' to be either a character or block device", filename);
        }
    }

    @Override
    FileNode node(OpenRequest request, String filename, FileDescriptors descriptors, @Nullable FileLocks locks) {
        return new HostDeviceNode(request, filename, descriptors, locks);
    }
}
