package org.qsd4j.export.nbd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Sends the same bytes to everybody who connects, and listens to nothing. */
final class Impostor implements AutoCloseable {
    final Path socket;
    final AtomicInteger connections = new AtomicInteger();
    private final ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    private final Thread thread;

    Impostor(Path dir, byte[] script) throws IOException {
        socket = dir.resolve("impostor.sock");
        Files.deleteIfExists(socket);
        listening.bind(UnixDomainSocketAddress.of(socket));
        thread = new Thread(() -> serve(script));
        thread.start();
    }

    private void serve(byte[] script) {
        List<SocketChannel> clients = new ArrayList<>();
        try {
            while (true) {
                SocketChannel client = listening.accept();
                connections.incrementAndGet();
                clients.add(client);
                client.write(ByteBuffer.wrap(script));
                if (script.length < 100) {
                    client.shutdownOutput();
                }
            }
        } catch (IOException e) {
            // Closed: the end of the test.
        } finally {
            clients.forEach(client -> {
                try {
                    client.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
