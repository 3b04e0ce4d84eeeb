package org.qsd4j.block.driver.luks;

import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.DriverInfo;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.crypto.BlockCrypto;
import org.qsd4j.crypto.LuksVolume;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockDeviceInfo;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.qapi.gen.ImageInfoSpecific;
import org.qsd4j.qapi.gen.ImageInfoSpecificBase;
import org.qsd4j.qapi.gen.ImageInfoSpecificKind;
import org.qsd4j.qapi.gen.ImageInfoSpecificLUKSWrapper;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** An unlocked volume. Requests come in whole sectors, and are encrypted on the thread that they come on. */
final class LuksNode extends BlockNode {
    private final BlockChild file;
    private final @Nullable BlockChild header;
    private final LuksVolume volume;
    private final BlockCrypto crypto;
    private final long payloadOffset;

    /** Takes over the cipher, unless it throws. */
    LuksNode(OpenRequest request, BlockChild file, @Nullable BlockChild header, LuksVolume volume, BlockCrypto crypto) {
        super(request);
        this.header = header;
        this.file = file;
        this.volume = volume;
        this.crypto = crypto;
        this.payloadOffset = volume.payloadOffset();
        if (file.node().sectorAlignedLength() < payloadOffset) {
            throw QapiException.withErrno(Errno.EIO, "Could not refresh total sector count: Input/output error");
        }
        followLength(file, payloadOffset);
        limits().inherit(file.node().limits());
        limits().requestAlignment = BlockCrypto.SECTOR;
    }

    /** For an instance that takes over from this one: unlocking takes seconds. Null if the key is another one now. */
    @Nullable
    BlockCrypto cryptoOf(LuksVolume now) {
        return now.hasKeyOf(volume) ? crypto.share() : null;
    }

    /** What was read is decrypted where it is: the buffer is the request's own until it is answered. */
    @Override
    protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
        if (isOutside(offset, bytes)) {
            return -Errno.EIO;
        }
        int result = file.read(payloadOffset + offset, buffer, at, bytes);
        if (result == 0) {
            crypto.decrypt(offset, buffer, at, bytes);
        }
        return result;
    }

    @Override
    protected int doWrite(long offset, NativeBuffer buffer, int at, int bytes, int flags) {
        if (isOutside(offset, bytes)) {
            return -Errno.EIO;
        }
        NativeBuffer bounce = crypto.bounce();
        for (int done = 0; done < bytes; done += BlockCrypto.BOUNCE_BYTES) {
            int piece = Math.min(BlockCrypto.BOUNCE_BYTES, bytes - done);
            crypto.encrypt(offset + done, buffer, at + done, bounce, 0, piece);
            int result = file.write(payloadOffset + offset + done, bounce, 0, piece, flags);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }

    private boolean isOutside(long offset, int bytes) {
        return offset > MAX_LENGTH - payloadOffset - bytes;
    }

    @Override
    protected boolean honoursFua() {
        return true;
    }

    @Override
    protected int doFlush() {
        return file.flush();
    }

    @Override
    protected void doTruncate(long offset, boolean exact, PreallocMode prealloc, int flags) {
        if (offset > Long.MAX_VALUE - payloadOffset) {
            throw QapiException.withErrno(Errno.EFBIG, "The requested file size is too large");
        }
        file.node().truncate(offset + payloadOffset, exact, prealloc, flags);
    }

    @Override
    public long allocatedSize() {
        long bytes = file.node().allocatedSize();
        if (header == null || bytes < 0) {
            return bytes;
        }
        long headerBytes = header.node().allocatedSize();
        return headerBytes < 0 ? headerBytes : bytes + headerBytes;
    }

    @Override
    public DriverInfo driverInfo() {
        return new DriverInfo(0, false);
    }

    @Override
    protected void describe(ImageInfo.Builder info) {
        info.encrypted(true);
        info.formatSpecific(new ImageInfoSpecific.Luks(
                new ImageInfoSpecificBase(ImageInfoSpecificKind.LUKS),
                new ImageInfoSpecificLUKSWrapper(volume.info())));
    }

    @Override
    protected void describe(BlockDeviceInfo.Builder info) {
        info.encrypted(true);
    }

    @Override
    protected void doClose() {
        crypto.close();
    }
}
