package org.qsd4j.export.nbd;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestGraph;

/** A server on a Unix socket in a test's directory, with exports of files there. */
final class NbdFixture implements AutoCloseable {
    static final int SIZE = 1 << 20;

    private static final NbdTarget.Owner NOBODY = new NbdTarget.Owner() {
        @Override
        public void ref() {}

        @Override
        public void unref() {}
    };

    final TestGraph graph = new TestGraph();
    final ExportDirectory exports = new ExportDirectory();
    final Path socket;
    private final Path dir;
    private final NbdListener listener;

    NbdFixture(Path dir) {
        this(dir, null, 10, 100);
    }

    NbdFixture(Path dir, @Nullable TlsGate tls, int handshakeMaxSeconds, int maxConnections) {
        this.dir = dir;
        this.socket = dir.resolve("nbd.sock");
        this.listener = new NbdListener(
                ListeningSockets.unix(socket.toString(), false, true, 128),
                exports,
                tls,
                handshakeMaxSeconds,
                maxConnections);
    }

    /** A writable export of a new file of {@link #SIZE} bytes that reads as zeroes. */
    NbdTarget addFile(String name) throws IOException {
        return addFile(name, SIZE);
    }

    NbdTarget addFile(String name, long bytes) throws IOException {
        Path file = dir.resolve(name + ".img");
        try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
            f.setLength(bytes);
        }
        return add(name, "{'driver': 'file', 'node-name': '" + name + "', 'filename': '" + file + "'}", true);
    }

    NbdTarget add(String name, String json, boolean writable) {
        return add(name, graph.add(json), writable);
    }

    NbdTarget add(String name, BlockNode node, boolean writable) {
        NbdTarget target = new NbdTarget(
                name,
                null,
                writable ? graph.writer(node) : graph.reader(node),
                writable,
                true,
                List.of(),
                true,
                NOBODY);
        exports.add(target);
        return target;
    }

    RawNbdClient connect() throws IOException {
        return new RawNbdClient(socket);
    }

    @Override
    public void close() {
        listener.stop();
        graph.close();
    }
}
