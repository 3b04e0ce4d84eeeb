package org.qsd4j.tls;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.qsd4j.qapi.FileContents;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.TlsCredsPskProperties;
import org.qsd4j.sys.GnuTlsCredentials;
import org.qsd4j.sys.GnuTlsException;

/**
 * Keys that both sides have beforehand, in a file with a line {@code user:hexkey} for each. QEMU: {@code
 * QCryptoTLSCredsPSK}.
 */
public final class PskCreds extends TlsCreds {
    private static final String FILE = "keys.psk";
    private static final String DEFAULT_USER = "qemu";

    private PskCreds(boolean server, TlsCredsPskProperties properties, GnuTlsCredentials credentials) {
        super(server, !Boolean.FALSE.equals(properties.verifyPeer()), properties.priority(), credentials);
    }

    /** @throws QapiException with the real daemon's text */
    public static PskCreds load(TlsCredsPskProperties properties, Consumer<String> report) {
        checkAvailable();
        boolean server = isServer(properties.endpoint());
        String dir = requireDir(properties.dir());
        try {
            GnuTlsCredentials credentials = GnuTlsCredentials.psk(server);
            if (server) {
                loadServer(properties, dir, credentials, report);
            } else {
                loadClient(properties, dir, credentials);
            }
            return new PskCreds(server, properties, credentials);
        } catch (GnuTlsException e) {
            throw QapiException.generic("Cannot allocate credentials: %s", e.text());
        }
    }

    private static void loadServer(
            TlsCredsPskProperties properties, String dir, GnuTlsCredentials credentials, Consumer<String> report) {
        if (properties.username() != null) {
            throw QapiException.generic("username should not be set when endpoint=server");
        }
        DhParameters.load(dir, credentials, report);
        try {
            credentials.pskFile(String.valueOf(file(dir, FILE, true)));
        } catch (GnuTlsException e) {
            throw QapiException.generic("Cannot set PSK server credentials: %s", e.text());
        }
    }

    private static void loadClient(TlsCredsPskProperties properties, String dir, GnuTlsCredentials credentials) {
        String path = String.valueOf(file(dir, FILE, true));
        String user = properties.username() == null ? DEFAULT_USER : properties.username();
        byte[] key = key(path, user);
        try {
            credentials.psk(user, key);
        } catch (GnuTlsException e) {
            throw QapiException.generic("Cannot set PSK client credentials: %s", e.text());
        }
    }

    private static byte[] key(String path, String user) {
        String content;
        try {
            content = new String(FileContents.read(path), StandardCharsets.ISO_8859_1);
        } catch (QapiException e) {
            throw e.prepend("Cannot read PSK file %s: ", path);
        }
        String start = new String(user.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1) + ":";
        for (String line : content.split("\n", -1)) {
            if (line.startsWith(start)) {
                String key = line.substring(start.length());
                return (key.endsWith("\r") ? key.substring(0, key.length() - 1) : key)
                        .getBytes(StandardCharsets.ISO_8859_1);
            }
        }
        throw QapiException.generic("Username %s not found in PSK file %s", user, path);
    }

    @Override
    boolean usesCertificates() {
        return false;
    }

    @Override
    String prioritySuffix() {
        return ":+ECDHE-PSK:+DHE-PSK:+PSK";
    }
}
