package org.qsd4j.block.driver.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.nbd.NbdChannel;
import org.qsd4j.nbd.SocketChannel;
import org.qsd4j.nbd.TlsChannel;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/**
 * The client's side of the negotiation, up to the chosen export: fixed newstyle with the best that the server can do, the
 * older ways where it can't. Believes no length that the server sends. One thread; may block as long as the channel does.
 */
final class ClientHandshake {
    /** No answer to an option is that long, except on purpose. */
    private static final int MAX_REPLY = Nbd.NBD_MAX_BUFFER_SIZE;

    private static final int SCRATCH = 64 << 10;

    private final SocketChannel plain;
    private final @Nullable TlsOptions tls;
    private final String export;
    private final String context;
    private final NativeBuffer buffer = NativeBuffer.allocate(SCRATCH);

    private NbdChannel channel;
    private boolean structured;
    private boolean extended;
    private int contextId = -1;
    private long size = -1;
    private int flags;
    private int minimumBlock = 1;
    private int preferredBlock;
    private int maximumBlock = Nbd.NBD_MAX_BUFFER_SIZE;

    /**
     * @param tls what to secure the connection with; null to leave it as it is
     * @param context the meta context to ask for
     */
    ClientHandshake(SocketChannel plain, @Nullable TlsOptions tls, String export, String context) {
        this.plain = plain;
        this.tls = tls;
        this.channel = plain;
        this.export = export;
        this.context = context;
    }

    /** The stream for what follows: TLS if it was asked for. */
    NbdChannel channel() {
        return channel;
    }

    /** @throws QapiException if the server is none, or doesn't have the export */
    ServerInfo run() {
        long magic = readLong("initial magic");
        if (magic != Nbd.INIT_PASSWD) {
            throw QapiException.generic("Bad initial magic received: 0x%x", magic);
        }
        magic = readLong("server magic");
        if (magic == Nbd.CLIENT_MAGIC) {
            oldstyle();
        } else if (magic == Nbd.OPTS_MAGIC) {
            newstyle();
        } else {
            throw QapiException.generic("Bad server magic received: 0x%x", magic);
        }
        if (size < 0) {
            throw QapiException.generic("export length is too large");
        }
        return new ServerInfo(size, flags, minimumBlock, preferredBlock, maximumBlock, structured, extended, contextId);
    }

    private void oldstyle() {
        if (tls != null) {
            throw QapiException.generic("Server does not support STARTTLS");
        }
        if (!export.isEmpty()) {
            throw QapiException.generic("Server does not support non-empty export names");
        }
        size = readLong("export length");
        flags = readInt("export flags");
        skip(124);
    }

    private void newstyle() {
        int serverFlags = readShort("server flags");
        boolean fixed = (serverFlags & Nbd.NBD_FLAG_FIXED_NEWSTYLE) != 0;
        boolean noZeroes = (serverFlags & Nbd.NBD_FLAG_NO_ZEROES) != 0;
        send(ByteBuffer.allocate(4)
                .putInt(serverFlags & (Nbd.NBD_FLAG_FIXED_NEWSTYLE | Nbd.NBD_FLAG_NO_ZEROES))
                .array());
        if (tls != null) {
            startTls(tls, fixed);
        }
        if (fixed) {
            extended = ask(Nbd.NBD_OPT_EXTENDED_HEADERS);
            structured = extended || ask(Nbd.NBD_OPT_STRUCTURED_REPLY);
            if (structured) {
                setContext();
            }
            if (go()) {
                return;
            }
        }
        exportName(noZeroes);
    }

    /** Before anything else, so that nobody in between has a say in what is agreed. */
    private void startTls(TlsOptions options, boolean fixed) {
        if (!fixed) {
            throw QapiException.generic("Server does not support STARTTLS");
        }
        sendOption(Nbd.NBD_OPT_STARTTLS, new byte[0]);
        int length = replyHeader(Nbd.NBD_OPT_STARTTLS);
        int type = replyType();
        if (type == Nbd.NBD_REP_ERR_UNSUP) {
            throw QapiException.generic("Server don't support STARTTLS option");
        }
        if (type != Nbd.NBD_REP_ACK) {
            throw refusal(Nbd.NBD_OPT_STARTTLS, type, length);
        }
        if (length != 0) {
            throw QapiException.generic("Start TLS response was not zero %d", length);
        }
        channel = TlsChannel.start(plain, options.creds(), options.hostname(), null);
    }

    /** The way of servers that don't know GO: they close the connection if they don't have the export. */
    private void exportName(boolean noZeroes) {
        sendOption(Nbd.NBD_OPT_EXPORT_NAME, export.getBytes(StandardCharsets.UTF_8));
        size = readLong("export length");
        flags = readShort("export flags");
        if (!noZeroes) {
            skip(124);
        }
    }

    private boolean ask(int option) {
        sendOption(option, new byte[0]);
        int length = replyHeader(option);
        int type = replyType();
        skip(length);
        return type == Nbd.NBD_REP_ACK;
    }

    private void setContext() {
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        byte[] query = context.getBytes(StandardCharsets.UTF_8);
        sendOption(
                Nbd.NBD_OPT_SET_META_CONTEXT,
                ByteBuffer.allocate(12 + name.length + query.length)
                        .putInt(name.length)
                        .put(name)
                        .putInt(1)
                        .putInt(query.length)
                        .put(query)
                        .array());
        while (true) {
            int length = replyHeader(Nbd.NBD_OPT_SET_META_CONTEXT);
            int type = replyType();
            if (type != Nbd.NBD_REP_META_CONTEXT) {
                skip(length);
                return;
            }
            if (length != 4 + query.length || contextId != -1) {
                throw QapiException.generic("Failed to negotiate query '%s': unexpected context", context);
            }
            int id = readInt("context id");
            if (!readString(query.length).equals(context) || id < 0) {
                throw QapiException.generic("Failed to negotiate query '%s': unexpected context", context);
            }
            contextId = id;
        }
    }

    /** False if the server doesn't know the option. */
    private boolean go() {
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        sendOption(
                Nbd.NBD_OPT_GO,
                ByteBuffer.allocate(8 + name.length)
                        .putInt(name.length)
                        .put(name)
                        .putShort((short) 1)
                        .putShort((short) Nbd.NBD_INFO_BLOCK_SIZE)
                        .array());
        while (true) {
            int length = replyHeader(Nbd.NBD_OPT_GO);
            int type = replyType();
            if (type == Nbd.NBD_REP_INFO) {
                info(length);
                continue;
            }
            if (type == Nbd.NBD_REP_ERR_UNSUP) {
                skip(length);
                return false;
            }
            if (type != Nbd.NBD_REP_ACK) {
                throw refusal(Nbd.NBD_OPT_GO, type, length);
            }
            skip(length);
            if (flags == 0) {
                throw QapiException.generic("broken server omitted NBD_INFO_EXPORT");
            }
            return true;
        }
    }

    private void info(int length) {
        if (length < 2) {
            throw QapiException.generic("info length %d is too short", length);
        }
        int info = readShort("info type");
        if (info == Nbd.NBD_INFO_EXPORT && length == 12) {
            size = readLong("info size");
            flags = readShort("info flags");
        } else if (info == Nbd.NBD_INFO_BLOCK_SIZE && length == 14) {
            blockSizes();
        } else {
            skip(length - 2);
        }
    }

    private void blockSizes() {
        minimumBlock = readInt("info minimum block size");
        preferredBlock = readInt("info preferred block size");
        int maximum = readInt("info maximum block size");
        if (Integer.bitCount(minimumBlock) != 1 || minimumBlock < 0 || minimumBlock > (1 << 16)) {
            throw QapiException.generic(
                    "server minimum block size %s is not a power of two", Integer.toUnsignedString(minimumBlock));
        }
        if (Integer.compareUnsigned(maximum, minimumBlock) < 0) {
            throw QapiException.generic("server maximum block size %s is not valid", Integer.toUnsignedString(maximum));
        }
        if (Integer.compareUnsigned(maximum, Nbd.NBD_MAX_BUFFER_SIZE) < 0) {
            maximumBlock = maximum & -minimumBlock;
        }
    }

    private QapiException refusal(int option, int type, int length) {
        String said = length <= Nbd.NBD_MAX_STRING_SIZE ? readString(length) : "";
        String what = "option " + option + " (" + Nbd.optionName(option) + ")";
        String text = switch (type) {
            case Nbd.NBD_REP_ERR_POLICY -> "Denied by server for " + what;
            case Nbd.NBD_REP_ERR_INVALID -> "Invalid parameters for " + what;
            case Nbd.NBD_REP_ERR_TLS_REQD -> "TLS negotiation required before " + what;
            case Nbd.NBD_REP_ERR_UNKNOWN -> "Requested export not available";
            case Nbd.NBD_REP_ERR_SHUTDOWN -> "Server shutting down before " + what;
            case Nbd.NBD_REP_ERR_BLOCK_SIZE_REQD -> "Server requires INFO_BLOCK_SIZE for " + what;
            default -> "Unknown error code when asking for " + what;
        };
        QapiException refusal = QapiException.generic("%s", text);
        return said.isEmpty() ? refusal : refusal.withHint("server reported: " + said);
    }

    private void sendOption(int option, byte[] data) {
        send(ByteBuffer.allocate(16 + data.length)
                .putLong(Nbd.OPTS_MAGIC)
                .putInt(option)
                .putInt(data.length)
                .put(data)
                .array());
    }

    private void send(byte[] bytes) {
        buffer.put(0, bytes, 0, bytes.length);
        if (channel.send(buffer, 0, bytes.length) < 0) {
            throw QapiException.generic("Failed to send option request header");
        }
    }

    /** Reads the header of a reply to the option: how much follows. Its type is left for {@link #replyType}. */
    private int replyHeader(int option) {
        receive(20, "option reply");
        if (buffer.getLongBE(0) != Nbd.REP_MAGIC) {
            throw QapiException.generic("Unexpected option reply magic");
        }
        if (buffer.getIntBE(8) != option) {
            throw QapiException.generic("Unexpected option type %d, expected %d", buffer.getIntBE(8), option);
        }
        int length = buffer.getIntBE(16);
        if (Integer.compareUnsigned(length, MAX_REPLY) > 0) {
            throw QapiException.generic("option reply is too long");
        }
        return length;
    }

    private int replyType() {
        return buffer.getIntBE(12);
    }

    private int readShort(String what) {
        receive(2, what);
        return buffer.getShortBE(0) & 0xffff;
    }

    private int readInt(String what) {
        receive(4, what);
        return buffer.getIntBE(0);
    }

    private long readLong(String what) {
        receive(8, what);
        return buffer.getLongBE(0);
    }

    private String readString(int length) {
        receive(length, "text");
        byte[] bytes = new byte[length];
        buffer.get(0, bytes, 0, length);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private void skip(int bytes) {
        for (int left = bytes; left > 0; left -= SCRATCH) {
            receive(Math.min(left, SCRATCH), "reply");
        }
    }

    private void receive(int bytes, String what) {
        int result = channel.receiveAll(buffer, 0, bytes);
        if (result == -Errno.ECONNRESET) {
            throw QapiException.generic("Failed to read %s: Unexpected end-of-file before all data were read", what);
        }
        if (result < 0) {
            throw result == -Errno.EAGAIN
                    ? QapiException.fromErrno(Errno.ETIMEDOUT, "Failed to read %s", what)
                    : QapiException.generic("Failed to read %s: %s", what, channel.receiveFailure(result));
        }
    }
}
