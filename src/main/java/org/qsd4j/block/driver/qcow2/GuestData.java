package org.qsd4j.block.driver.qcow2;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.BlockChild;
import org.qsd4j.crypto.BlockCrypto;
import org.qsd4j.sys.NativeBuffer;

/**
 * The uncompressed clusters of the guest: the one way that its data takes to the file and back, encrypted if the image is.
 * In an encrypted image, offsets and lengths are whole sectors of 512 bytes. Results are 0 or -errno.
 */
@ThreadSafe
final class GuestData {
    private final BlockChild data;
    private final @Nullable ImageEncryption encryption;

    GuestData(BlockChild data, @Nullable ImageEncryption encryption) {
        this.data = data;
        this.encryption = encryption;
    }

    boolean isEncrypted() {
        return encryption != null;
    }

    @Nullable
    ImageEncryption encryption() {
        return encryption;
    }

    int read(long hostOffset, long guestOffset, NativeBuffer buffer, int at, int bytes) {
        int result = TableIo.read(data, hostOffset, buffer, at, bytes);
        if (result == 0 && encryption != null) {
            encryption.crypto().decrypt(encryption.ivOffset(hostOffset, guestOffset), buffer, at, bytes);
        }
        return result;
    }

    /** The buffer stays as it is. */
    int write(long hostOffset, long guestOffset, NativeBuffer buffer, int at, int bytes) {
        if (encryption == null) {
            return data.write(hostOffset, buffer, at, bytes, 0);
        }
        BlockCrypto crypto = encryption.crypto();
        NativeBuffer bounce = crypto.bounce();
        for (int done = 0; done < bytes; done += BlockCrypto.BOUNCE_BYTES) {
            int piece = Math.min(BlockCrypto.BOUNCE_BYTES, bytes - done);
            long ivOffset = encryption.ivOffset(hostOffset + done, guestOffset + done);
            crypto.encrypt(ivOffset, buffer, at + done, bounce, 0, piece);
            int result = data.write(hostOffset + done, bounce, 0, piece, 0);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    void close() {
        if (encryption != null) {
            encryption.crypto().close();
        }
    }
}
