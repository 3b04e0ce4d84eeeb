package org.qsd4j.export.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.qsd4j.sys.KernelFile;

/** What an administrator sets for all of the machine's FUSE mounts. Tests set it and put it back; the daemon never does. */
final class FuseParameter implements AutoCloseable {
    /** Without it no kernel offers FUSE over io_uring. */
    private static final Path ENABLE_URING = Path.of("/sys/module/fuse/parameters/enable_uring");

    /** The biggest request of a mount that is made from now on, in pages. */
    private static final Path MAX_PAGES_LIMIT = Path.of("/proc/sys/fs/fuse/max_pages_limit");

    private final Path file;
    private final @Nullable String before;
    private final String value;
    private final String since;

    private FuseParameter(Path file, String value, String since) throws IOException {
        this.file = file;
        this.value = value;
        this.since = since;
        this.before = KernelFile.read(file.toString());
        if (before != null && !before.equals(value) && Files.isWritable(file)) {
            Files.writeString(file, value);
        }
    }

    /** @param value Y or N */
    static FuseParameter ioUring(String value) throws IOException {
        return new FuseParameter(ENABLE_URING, value, "FUSE over io_uring (Linux 6.14)");
    }

    static FuseParameter maxPages(int pages) throws IOException {
        return new FuseParameter(MAX_PAGES_LIMIT, Integer.toString(pages), "FUSE requests over 1 MiB (Linux 6.13)");
    }

    /** Skips the test where the kernel is too old for it, in CI, too: such a new one is not everywhere yet. */
    void require() throws IOException {
        Assumptions.assumeTrue(value.equals(KernelFile.read(file.toString())), "missing: " + since);
    }

    @Override
    public void close() throws IOException {
        if (before != null && !before.equals(KernelFile.read(file.toString()))) {
            Files.writeString(file, before);
        }
    }
}
