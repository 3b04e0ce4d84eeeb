package org.qsd4j.export.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.qsd4j.nbd.wire.Nbd;

/**
 * The protocol byte by byte, without any idea of what is allowed. Every receive gives up after ten seconds, so that a
 * server that hangs fails the test.
 */
final class RawNbdClient implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 10_000;

    /** An answer to an option. */
    @SuppressWarnings("ArrayRecordComponent")
    record OptionReply(int option, int type, byte[] data) {
        String text() {
            return new String(data, StandardCharsets.UTF_8);
        }
    }

    /** A chunk, or a simple reply (type -1, the error in {@code flags}). */
    @SuppressWarnings("ArrayRecordComponent")
    record Reply(int flags, int type, long cookie, byte[] data) {
        boolean isSimple() {
            return type == -1;
        }

        int error() {
            return isSimple()
                    ? flags
                    : type < 0x8000 ? 0 : ByteBuffer.wrap(data).getInt();
        }
    }

    final SocketChannel channel;
    private final Selector selector;
    private boolean extended;
    private boolean structured;
    private long cookie;

    RawNbdClient(Path socket) throws IOException {
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        channel.configureBlocking(false);
        selector = Selector.open();
        channel.register(selector, SelectionKey.OP_READ);
    }

    byte[] receive(int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        long deadline = System.nanoTime() + TIMEOUT_MILLIS * 1_000_000L;
        while (buffer.hasRemaining()) {
            int got = channel.read(buffer);
            if (got < 0) {
                throw new EOFException("end of stream after " + buffer.position() + " of " + bytes);
            }
            if (got == 0) {
                selector.select(TIMEOUT_MILLIS);
                selector.selectedKeys().clear();
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException("no answer");
                }
            }
        }
        return buffer.array();
    }

    /** Whether the server closes the connection without another byte. */
    boolean isDropped() throws IOException {
        try {
            receive(1);
            return false;
        } catch (EOFException e) {
            return true;
        } catch (IOException e) {
            // Unread bytes at the server make it a reset.
            return String.valueOf(e.getMessage()).contains("reset");
        }
    }

    void send(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        long deadline = System.nanoTime() + TIMEOUT_MILLIS * 1_000_000L;
        while (buffer.hasRemaining()) {
            if (channel.write(buffer) == 0 && System.nanoTime() - deadline > 0) {
                throw new IOException("the server doesn't take it");
            }
        }
    }

    /** Greeting and client flags. */
    RawNbdClient hello(int flags) throws IOException {
        receive(18);
        send(ByteBuffer.allocate(4).putInt(flags).array());
        return this;
    }

    RawNbdClient hello() throws IOException {
        return hello(Nbd.NBD_FLAG_FIXED_NEWSTYLE | Nbd.NBD_FLAG_NO_ZEROES);
    }

    void sendOption(int option, int length, byte[] data) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(16 + data.length);
        buffer.putLong(Nbd.OPTS_MAGIC).putInt(option).putInt(length).put(data);
        send(buffer.array());
    }

    OptionReply optionReply() throws IOException {
        ByteBuffer header = ByteBuffer.wrap(receive(20));
        if (header.getLong() != Nbd.REP_MAGIC) {
            throw new IOException("not the magic of an option reply");
        }
        return new OptionReply(header.getInt(), header.getInt(), receive(header.getInt()));
    }

    /** Sends an option and takes all replies to it. */
    List<OptionReply> option(int option, byte... data) throws IOException {
        sendOption(option, data.length, data);
        List<OptionReply> replies = new ArrayList<>();
        OptionReply reply = optionReply();
        while (reply.type() != Nbd.NBD_REP_ACK && reply.type() > 0) {
            replies.add(reply);
            reply = optionReply();
        }
        replies.add(reply);
        if (reply.type() == Nbd.NBD_REP_ACK) {
            structured |= option == Nbd.NBD_OPT_STRUCTURED_REPLY || option == Nbd.NBD_OPT_EXTENDED_HEADERS;
            extended |= option == Nbd.NBD_OPT_EXTENDED_HEADERS;
        }
        return replies;
    }

    /** The last reply's type. */
    int optionResult(int option, byte... data) throws IOException {
        List<OptionReply> replies = option(option, data);
        return replies.get(replies.size() - 1).type();
    }

    static byte[] infoRequest(String name, int... infos) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(6 + bytes.length + 2 * infos.length);
        data.putInt(bytes.length).put(bytes).putShort((short) infos.length);
        Arrays.stream(infos).forEach(info -> data.putShort((short) info));
        return data.array();
    }

    static byte[] metaRequest(String name, String... queries) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        int length = Arrays.stream(queries).mapToInt(q -> 4 + q.length()).sum();
        ByteBuffer data = ByteBuffer.allocate(8 + bytes.length + length);
        data.putInt(bytes.length).put(bytes).putInt(queries.length);
        for (String query : queries) {
            data.putInt(query.length()).put(query.getBytes(StandardCharsets.UTF_8));
        }
        return data.array();
    }

    /** A whole negotiation: 0 simple, 1 structured, 2 extended; contexts asked for from 1 on. */
    RawNbdClient go(String name, int mode, String... contexts) throws IOException {
        hello();
        if (mode > 0) {
            option(mode == 1 ? Nbd.NBD_OPT_STRUCTURED_REPLY : Nbd.NBD_OPT_EXTENDED_HEADERS);
        }
        if (contexts.length > 0) {
            option(Nbd.NBD_OPT_SET_META_CONTEXT, metaRequest(name, contexts));
        }
        if (optionResult(Nbd.NBD_OPT_GO, infoRequest(name)) != Nbd.NBD_REP_ACK) {
            throw new IOException("the export is refused");
        }
        return this;
    }

    long request(int type, int flags, long offset, long length, byte... payload) throws IOException {
        cookie++;
        int withPayload = extended && payload.length > 0 ? flags | Nbd.NBD_CMD_FLAG_PAYLOAD_LEN : flags;
        send(header(cookie, type, withPayload, offset, length));
        send(payload);
        return cookie;
    }

    byte[] header(long cookie, int type, int flags, long offset, long length) {
        ByteBuffer h = ByteBuffer.allocate(extended ? 32 : 28);
        h.putInt(extended ? Nbd.NBD_EXTENDED_REQUEST_MAGIC : Nbd.NBD_REQUEST_MAGIC);
        h.putShort((short) flags).putShort((short) type).putLong(cookie).putLong(offset);
        if (extended) {
            h.putLong(length);
        } else {
            h.putInt((int) length);
        }
        return h.array();
    }

    /** A reply's next part; {@code dataBytes}: what a simple reply to a read brings along. */
    Reply reply(int dataBytes) throws IOException {
        int magic = ByteBuffer.wrap(receive(4)).getInt();
        if (magic == Nbd.NBD_SIMPLE_REPLY_MAGIC) {
            ByteBuffer h = ByteBuffer.wrap(receive(12));
            int error = h.getInt();
            return new Reply(error, -1, h.getLong(), error == 0 ? receive(dataBytes) : new byte[0]);
        }
        if (magic != (extended ? Nbd.NBD_EXTENDED_REPLY_MAGIC : Nbd.NBD_STRUCTURED_REPLY_MAGIC)) {
            throw new IOException("not the magic of a reply: " + Integer.toHexString(magic));
        }
        ByteBuffer h = ByteBuffer.wrap(receive(extended ? 28 : 16));
        int flags = h.getShort();
        int type = h.getShort() & 0xffff;
        long replyCookie = h.getLong();
        if (extended) {
            h.getLong();
        }
        int length = extended ? (int) h.getLong() : h.getInt();
        return new Reply(flags, type, replyCookie, receive(length));
    }

    /** All parts of the reply to the one request in flight. */
    List<Reply> replies(int dataBytes) throws IOException {
        List<Reply> replies = new ArrayList<>();
        Reply reply;
        do {
            reply = reply(dataBytes);
            replies.add(reply);
        } while (!reply.isSimple() && (reply.flags() & Nbd.NBD_REPLY_FLAG_DONE) == 0);
        return replies;
    }

    /** One request with its reply's error. */
    int error(int type, int flags, long offset, long length, byte... payload) throws IOException {
        request(type, flags, offset, length, payload);
        List<Reply> replies = replies(type == Nbd.NBD_CMD_READ && !structured ? (int) length : 0);
        return replies.get(replies.size() - 1).error();
    }

    int write(long offset, byte... data) throws IOException {
        return error(Nbd.NBD_CMD_WRITE, 0, offset, data.length, data);
    }

    /** Reads, whatever form the reply takes. */
    byte[] read(int flags, long offset, int length) throws IOException {
        request(Nbd.NBD_CMD_READ, flags, offset, length);
        ByteBuffer result = ByteBuffer.allocate(length);
        for (Reply reply : replies(structured ? 0 : length)) {
            if (reply.error() != 0) {
                throw new IOException("read fails with " + reply.error());
            }
            ByteBuffer data = ByteBuffer.wrap(reply.data());
            if (reply.isSimple()) {
                return reply.data();
            }
            if (reply.type() == Nbd.NBD_REPLY_TYPE_OFFSET_DATA) {
                result.position((int) (data.getLong() - offset)).put(data);
            }
        }
        return result.array();
    }

    /** One context's extents as {length, flags} pairs. */
    List<long[]> blockStatus(int flags, long offset, long length) throws IOException {
        request(Nbd.NBD_CMD_BLOCK_STATUS, flags, offset, length);
        Reply reply = replies(0).get(0);
        if (reply.error() != 0) {
            throw new IOException("block status fails with " + reply.error());
        }
        ByteBuffer data = ByteBuffer.wrap(reply.data()).position(extended ? 8 : 4);
        List<long[]> extents = new ArrayList<>();
        while (data.hasRemaining()) {
            extents.add(
                    extended
                            ? new long[] {data.getLong(), data.getLong()}
                            : new long[] {data.getInt() & 0xffff_ffffL, data.getInt()});
        }
        return extents;
    }

    @Override
    public void close() throws IOException {
        selector.close();
        channel.close();
    }
}
