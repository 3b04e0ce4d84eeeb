package org.qsd4j.tls;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.FileContents;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.GnuTlsCredentials;
import org.qsd4j.sys.GnuTlsException;

/** The file with a server's own Diffie-Hellman parameters. Without one the well-known groups serve. */
final class DhParameters {
    private static final String FILE = "dh-params.pem";

    private DhParameters() {}

    /** @param dir where the file may be; null for nowhere */
    static void load(@Nullable String dir, GnuTlsCredentials credentials, Consumer<String> report) {
        String path = dir == null ? null : TlsCreds.file(dir, FILE, false);
        if (path == null) {
            return;
        }
        byte[] content = FileContents.read(path);
        report.accept("warning: Use of an external DH parameters file '" + path
                + "' is deprecated and will be removed in a future release");
        try {
            credentials.dhParams(content);
        } catch (GnuTlsException e) {
            throw QapiException.generic("Unable to load DH parameters from %s: %s", path, e.text());
        }
    }
}
