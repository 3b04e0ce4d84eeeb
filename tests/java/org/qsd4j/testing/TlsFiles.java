package org.qsd4j.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.qsd4j.Requirements;

/** Directories of credentials, put together from the test certificates. */
public final class TlsFiles {
    private TlsFiles() {}

    /**
     * A new directory under {@code parent}.
     *
     * @param files pairs: the name that it gets, and the test certificate that it is
     */
    public static Path directory(Path parent, String... files) throws IOException {
        Requirements.gnutls();
        Path dir = Files.createTempDirectory(parent, "tls");
        for (int i = 0; i < files.length; i += 2) {
            try (InputStream in = TlsFiles.class.getResourceAsStream("/tls/" + files[i + 1])) {
                Files.copy(in, dir.resolve(files[i]));
            }
        }
        return dir;
    }

    public static Path server(Path parent) throws IOException {
        return directory(
                parent,
                "ca-cert.pem",
                "ca-cert.pem",
                "server-cert.pem",
                "server-cert.pem",
                "server-key.pem",
                "server-key.pem");
    }

    public static Path client(Path parent) throws IOException {
        return directory(
                parent,
                "ca-cert.pem",
                "ca-cert.pem",
                "client-cert.pem",
                "client-cert.pem",
                "client-key.pem",
                "client-key.pem");
    }

    /** With keys of {@code alice} and {@code qemu}. */
    public static Path psk(Path parent) throws IOException {
        Requirements.gnutls();
        Path dir = Files.createTempDirectory(parent, "psk");
        Files.writeString(dir.resolve("keys.psk"), """
                alice:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
                qemu:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
                """);
        return dir;
    }
}
