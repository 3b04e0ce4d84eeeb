package org.qsd4j;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.qsd4j.sys.FileSystems;
import org.qsd4j.sys.GnuTls;

/** What a test needs of the machine. Where it is missing the test is skipped with its name, and fails in CI. */
public final class Requirements {
    private Requirements() {}

    /** The right to mount over /dev/fuse. */
    public static void fuse() {
        require(Files.isWritable(Path.of("/dev/fuse")), "/dev/fuse, readable and writable");
        require(FileSystems.effectiveUid() == 0, "root, to mount");
    }

    /** The library that does TLS. */
    public static void gnutls() {
        require(GnuTls.isAvailable(), "libgnutls.so.30");
    }

    public static void require(boolean present, String what) {
        if (!present && System.getenv("CI") != null) {
            throw new AssertionError("missing: " + what);
        }
        Assumptions.assumeTrue(present, "missing: " + what);
    }
}
