package org.qsd4j.export.nbd;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.nbd.NbdChannel;
import org.qsd4j.nbd.SocketChannel;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.sys.NativeBuffer;

/**
 * Fixed newstyle negotiation: greeting, client flags, options, until the client has chosen an export or leaves. The
 * client is attached to the export that it has chosen. Confined to the connection's thread.
 */
final class Handshake {
    private static final int RESERVED_ZEROES = 124;

    private final NbdConnection connection;
    private final SocketChannel plain;
    private final ExportDirectory exports;
    private final @Nullable TlsGate tls;
    private final OptionStream stream;
    private final MetaContextOptions metaContexts;

    private boolean fixedNewstyle;
    private boolean noZeroes;
    private boolean structuredReplies;
    private boolean extendedHeaders;
    private boolean encrypted;

    /** The export that the client has chosen, once it has. */
    private @Nullable NbdTarget chosen;

    Handshake(NbdConnection connection, SocketChannel plain, ExportDirectory exports, @Nullable TlsGate tls) {
        this.connection = connection;
        this.plain = plain;
        this.exports = exports;
        this.tls = tls;
        this.stream = new OptionStream(plain);
        this.metaContexts = new MetaContextOptions(stream, exports);
    }

    boolean structuredReplies() {
        return structuredReplies;
    }

    boolean extendedHeaders() {
        return extendedHeaders;
    }

    /** The export that the client has chosen, or null as long as it has not. */
    @Nullable
    NbdTarget chosen() {
        return chosen;
    }

    MetaContexts metaContexts() {
        return metaContexts.granted;
    }

    /** The stream for what follows: TLS if it was started. */
    NbdChannel channel() {
        return stream.channel();
    }

    /** Haggles to the end: the export chosen, or null if the client has left politely. */
    @Nullable
    NbdTarget run() throws Disconnect {
        greet();
        readClientFlags();
        while (chosen == null) {
            int option = stream.nextOption();
            if (option == Nbd.NBD_OPT_ABORT) {
                abort();
                return null;
            }
            handle(option);
        }
        return chosen;
    }

    private void greet() throws Disconnect {
        NativeBuffer greeting = NativeBuffer.allocate(18);
        greeting.putLongBE(0, Nbd.INIT_PASSWD);
        greeting.putLongBE(8, Nbd.OPTS_MAGIC);
        greeting.putShortBE(16, (short) (Nbd.NBD_FLAG_FIXED_NEWSTYLE | Nbd.NBD_FLAG_NO_ZEROES));
        if (stream.channel().send(greeting, 0, 18) < 0) {
            throw new Disconnect("the client is gone");
        }
    }

    private void readClientFlags() throws Disconnect {
        int flags = stream.readClientFlags();
        if ((flags & ~(Nbd.NBD_FLAG_FIXED_NEWSTYLE | Nbd.NBD_FLAG_NO_ZEROES)) != 0) {
            throw new Disconnect("Unknown client flags received");
        }
        fixedNewstyle = (flags & Nbd.NBD_FLAG_FIXED_NEWSTYLE) != 0;
        noZeroes = (flags & Nbd.NBD_FLAG_NO_ZEROES) != 0;
    }

    private void handle(int option) throws Disconnect {
        if (option == Nbd.NBD_OPT_EXPORT_NAME) {
            exportName();
            return;
        }
        if (!fixedNewstyle) {
            throw new Disconnect("only the export's name may be negotiated without fixed newstyle");
        }
        try {
            if (tls != null && !encrypted && option != Nbd.NBD_OPT_STARTTLS) {
                throw new OptionError(Nbd.NBD_REP_ERR_TLS_REQD, "Option 0x%x not permitted before TLS", option);
            }
            dispatch(option);
        } catch (OptionError e) {
            stream.skipRest();
            stream.error(e);
            if (option == Nbd.NBD_OPT_STARTTLS && tls != null && !encrypted) {
                throw new Disconnect("TLS was asked for in a wrong way");
            }
        }
    }

    private void dispatch(int option) throws Disconnect, OptionError {
        switch (option) {
            case Nbd.NBD_OPT_LIST -> list();
            case Nbd.NBD_OPT_STARTTLS -> startTls();
            case Nbd.NBD_OPT_INFO, Nbd.NBD_OPT_GO -> new InfoOption(stream, exports, this).run(option);
            case Nbd.NBD_OPT_STRUCTURED_REPLY -> structuredReply();
            case Nbd.NBD_OPT_LIST_META_CONTEXT -> metaContexts.list();
            case Nbd.NBD_OPT_SET_META_CONTEXT -> metaContexts.set(structuredReplies);
            case Nbd.NBD_OPT_EXTENDED_HEADERS -> extendedHeadersOption();
            default ->
                throw new OptionError(
                        Nbd.NBD_REP_ERR_UNSUP,
                        "Unsupported option %s (%s)",
                        Integer.toUnsignedString(option),
                        Nbd.optionName(option));
        }
    }

    /** The client doesn't wait for the answer; that it can't be sent is nobody's loss. */
    private void abort() throws Disconnect {
        stream.skipRest();
        if (tls != null && !encrypted) {
            stream.error(new OptionError(
                    Nbd.NBD_REP_ERR_TLS_REQD, "Option 0x%x not permitted before TLS", Nbd.NBD_OPT_ABORT));
        } else if (fixedNewstyle) {
            stream.ack();
        }
    }

    /** The old way to choose an export: no error reply exists. */
    private void exportName() throws Disconnect {
        if (tls != null && !encrypted) {
            throw new Disconnect("TLS is required");
        }
        if (extendedHeaders) {
            throw new Disconnect("NBD_OPT_EXPORT_NAME after NBD_OPT_EXTENDED_HEADERS");
        }
        NbdTarget target;
        try {
            if (stream.left() > Nbd.NBD_MAX_STRING_SIZE) {
                throw new Disconnect("Bad length received");
            }
            target = exports.findOrFail(stream.readString(stream.left()));
        } catch (OptionError e) {
            throw new Disconnect("export not found");
        }
        choose(target);
        stream.putLong(target.size);
        stream.putShort(transmissionFlags(target, true));
        if (!noZeroes) {
            stream.putBytes(new byte[RESERVED_ZEROES], RESERVED_ZEROES);
        }
        stream.flush();
    }

    private void list() throws Disconnect, OptionError {
        stream.expectEnd();
        for (NbdTarget target : exports.list()) {
            byte[] name = target.name.getBytes(StandardCharsets.UTF_8);
            byte[] description =
                    target.description == null ? new byte[0] : target.description.getBytes(StandardCharsets.UTF_8);
            stream.beginReply(Nbd.NBD_REP_SERVER, 4 + name.length + description.length);
            stream.putInt(name.length);
            stream.putBytes(name, name.length);
            stream.putBytes(description, description.length);
        }
        stream.ack();
    }

    private void startTls() throws Disconnect, OptionError {
        stream.expectEnd();
        if (tls == null) {
            throw new OptionError(Nbd.NBD_REP_ERR_POLICY, "TLS not configured");
        }
        if (encrypted) {
            throw new OptionError(Nbd.NBD_REP_ERR_INVALID, "TLS already enabled");
        }
        stream.ack();
        stream.switchTo(tls.accept(plain));
        encrypted = true;
        // What was agreed in the clear may have been agreed by somebody in between.
        structuredReplies = false;
        extendedHeaders = false;
        metaContexts.granted.clear();
    }

    private void structuredReply() throws Disconnect, OptionError {
        stream.expectEnd();
        if (extendedHeaders) {
            throw new OptionError(Nbd.NBD_REP_ERR_EXT_HEADER_REQD, "extended headers already negotiated");
        }
        if (structuredReplies) {
            throw new OptionError(Nbd.NBD_REP_ERR_INVALID, "structured reply already negotiated");
        }
        structuredReplies = true;
        stream.ack();
    }

    private void extendedHeadersOption() throws Disconnect, OptionError {
        stream.expectEnd();
        if (extendedHeaders) {
            throw new OptionError(Nbd.NBD_REP_ERR_INVALID, "extended headers already negotiated");
        }
        structuredReplies = true;
        extendedHeaders = true;
        stream.ack();
    }

    /** {@code go}: for use, not for information, so that what isn't granted isn't offered. */
    int transmissionFlags(NbdTarget target, boolean go) {
        int flags = target.transmissionFlags();
        if (structuredReplies) {
            flags |= Nbd.NBD_FLAG_SEND_DF;
        }
        if (extendedHeaders && (!go || metaContexts.granted.anyFor(target))) {
            flags |= Nbd.NBD_FLAG_BLOCK_STAT_PAYLOAD;
        }
        return flags;
    }

    /** The client has chosen: from now on the export knows of it. */
    void choose(NbdTarget target) throws Disconnect {
        if (!target.attach(connection)) {
            throw new Disconnect("the export is going away");
        }
        if (metaContexts.granted.target != target) {
            metaContexts.granted.clear();
        }
        chosen = target;
    }
}
