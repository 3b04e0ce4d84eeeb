package org.qsd4j.export.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/**
 * The fuse module's {@code enable_uring}, without which no kernel offers FUSE over io_uring. Tests set it and put it back;
 * the daemon never does.
 */
final class IoUringParameter implements AutoCloseable {
    private static final Path FILE = Path.of("/sys/module/fuse/parameters/enable_uring");

    private final String before;

    private IoUringParameter(String before) {
        this.before = before;
    }

    static IoUringParameter on() throws IOException {
        return set("Y");
    }

    static IoUringParameter off() throws IOException {
        return set("N");
    }

    private static IoUringParameter set(String value) throws IOException {
        String before = Files.exists(FILE) ? Files.readString(FILE).strip() : "";
        if (!before.isEmpty() && !before.equals(value) && Files.isWritable(FILE)) {
            Files.writeString(FILE, value);
        }
        return new IoUringParameter(before);
    }

    /** Skips the test where the kernel is too old for it, in CI, too: Linux 6.14 is not everywhere yet. */
    void require() throws IOException {
        Assumptions.assumeTrue(
                Files.exists(FILE) && Files.readString(FILE).startsWith("Y"),
                "missing: FUSE over io_uring (Linux 6.14)");
    }

    @Override
    public void close() throws IOException {
        if (!before.isEmpty() && !Files.readString(FILE).strip().equals(before)) {
            Files.writeString(FILE, before);
        }
    }
}
