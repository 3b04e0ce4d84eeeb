package org.qsd4j.block.driver.qcow2;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.crypto.NewLuksVolume;
import org.qsd4j.crypto.Passphrase;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.QCryptoBlockCreateOptions;
import org.qsd4j.qapi.gen.QCryptoBlockCreateOptionsLUKS;
import org.qsd4j.sys.NativeBuffer;

/** How a new image will be encrypted, with the key made already. */
public final class NewEncryption {
    private final long method;
    private final String keySecret;
    private final long headerLength;

    /** The LUKS header and its first key material; empty with the old AES encryption, which has neither. */
    private final byte[] header;

    private NewEncryption(long method, String keySecret, long headerLength, byte[] header) {
        this.method = method;
        this.keySecret = keySecret;
        this.headerLength = headerLength;
        this.header = header;
    }

    /**
     * Takes as long as {@code iter-time} says.
     *
     * @param secrets gives a copy of a secret's bytes, or throws QapiException
     * @return null for null
     */
    public static @Nullable NewEncryption of(
            @Nullable QCryptoBlockCreateOptions options, Function<String, byte[]> secrets) {
        if (options instanceof QCryptoBlockCreateOptions.Luks luks) {
            return luks(luks.u(), secrets);
        }
        if (options instanceof QCryptoBlockCreateOptions.Qcow qcow) {
            String id = qcow.u().keySecret();
            Arrays.fill(Passphrase.find("encrypt.key-secret", id, secrets), (byte) 0);
            return new NewEncryption(Qcow2Header.CRYPT_AES, String.valueOf(id), 0, new byte[0]);
        }
        return null;
    }

    private static NewEncryption luks(QCryptoBlockCreateOptionsLUKS options, Function<String, byte[]> secrets) {
        byte[] passphrase = Passphrase.find("encrypt.key-secret", options.keySecret(), secrets);
        try {
            NewLuksVolume volume = new NewLuksVolume(options, false);
            return new NewEncryption(
                    Qcow2Header.CRYPT_LUKS,
                    String.valueOf(options.keySecret()),
                    volume.headerLength(),
                    volume.make(passphrase));
        } finally {
            Arrays.fill(passphrase, (byte) 0);
        }
    }

    /** For the header's {@code crypt_method}. */
    long method() {
        return method;
    }

    /** Bytes that the image keeps free for the header. */
    long headerLength() {
        return headerLength;
    }

    /** The {@code encrypt} to open the image with. */
    ObjectNode definition() {
        return QapiJson.object()
                .put("format", method == Qcow2Header.CRYPT_LUKS ? "luks" : "aes")
                .put("key-secret", keySecret);
    }

    /** Writes the header, where the space for it is zeroes; 0 or -errno. */
    int write(BlockBackend file, long offset) {
        if (header.length == 0) {
            return 0;
        }
        NativeBuffer buffer = NativeBuffer.allocate(header.length);
        buffer.put(0, header, 0, header.length);
        return file.write(offset, buffer, 0, header.length, 0);
    }
}
