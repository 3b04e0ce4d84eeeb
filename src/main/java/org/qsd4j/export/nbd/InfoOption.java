package org.qsd4j.export.nbd;

import java.nio.charset.StandardCharsets;
import org.qsd4j.nbd.wire.Nbd;

/** NBD_OPT_INFO and NBD_OPT_GO: what an export is, and, with GO, the end of the haggling. */
final class InfoOption {
    private final OptionStream stream;
    private final ExportDirectory exports;
    private final Handshake handshake;

    InfoOption(OptionStream stream, ExportDirectory exports, Handshake handshake) {
        this.stream = stream;
        this.exports = exports;
        this.handshake = handshake;
    }

    void run(int option) throws Disconnect, OptionError {
        String name = stream.readName();
        int requests = stream.readShort();
        boolean sendName = false;
        boolean knowsBlockSize = false;
        for (int i = 0; i < requests; i++) {
            int info = stream.readShort();
            sendName |= info == Nbd.NBD_INFO_NAME;
            knowsBlockSize |= info == Nbd.NBD_INFO_BLOCK_SIZE;
        }
        stream.expectEnd();
        NbdTarget target = exports.findOrFail(name);
        boolean go = option == Nbd.NBD_OPT_GO;

        if (sendName) {
            text(Nbd.NBD_INFO_NAME, target.name);
        }
        if (target.description != null) {
            text(Nbd.NBD_INFO_DESCRIPTION, target.description);
        }
        // A client that hasn't asked can't promise to keep to it: all requests will be made fit for the node.
        blockSize(target, go && !knowsBlockSize ? 1 : target.minimumBlock());
        export(target, handshake.transmissionFlags(target, go));
        if (!go && !knowsBlockSize && target.minimumBlock() > 1) {
            throw new OptionError(Nbd.NBD_REP_ERR_BLOCK_SIZE_REQD, "request NBD_INFO_BLOCK_SIZE to use this export");
        }
        if (go) {
            handshake.choose(target);
        }
        stream.ack();
    }

    private void text(int info, String value) throws Disconnect {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        stream.beginReply(Nbd.NBD_REP_INFO, 2 + bytes.length);
        stream.putShort(info);
        stream.putBytes(bytes, bytes.length);
    }

    private void blockSize(NbdTarget target, int minimum) throws Disconnect {
        stream.beginReply(Nbd.NBD_REP_INFO, 14);
        stream.putShort(Nbd.NBD_INFO_BLOCK_SIZE);
        stream.putInt(minimum);
        stream.putInt(target.preferredBlock());
        stream.putInt(target.maximumBlock());
    }

    private void export(NbdTarget target, int flags) throws Disconnect {
        stream.beginReply(Nbd.NBD_REP_INFO, 12);
        stream.putShort(Nbd.NBD_INFO_EXPORT);
        stream.putLong(target.size);
        stream.putShort(flags);
    }
}
