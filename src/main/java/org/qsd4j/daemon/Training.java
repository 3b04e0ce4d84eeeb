package org.qsd4j.daemon;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;

/**
 * A short life of the daemon in which it does a little of everything, for the launcher to record which classes a start
 * needs. Prints nothing but what fails.
 */
public final class Training {
    private static final int IMAGE_BYTES = 1 << 20;

    private final TemporaryDirectory directory;

    private Training(TemporaryDirectory directory) {
        this.directory = directory;
    }

    /** Exits 0 if the daemon did. */
    public static void main(String[] arguments) throws IOException {
        int status;
        try (TemporaryDirectory directory = new TemporaryDirectory("qsd4j-training")) {
            status = new Training(directory).run();
        }
        // An archive is written at the end of the JVM, which halt would come before.
        System.exit(status);
    }

    private int run() throws IOException {
        try (RandomAccessFile image = new RandomAccessFile(file("image"), "rw")) {
            image.setLength(IMAGE_BYTES);
        }
        Files.createFile(directory.resolve("fuse"));
        Thread client = new Thread(this::talk);
        client.start();
        Main main = new Main(
                new Program(Program.DAEMON), OutputStream.nullOutputStream(), System.err, Training::touchSignals);
        return main.run(
                null,
                "--object",
                "iothread,id=thread",
                "--blockdev",
                "driver=file,node-name=file,filename=" + file("image"),
                "--blockdev",
                "driver=raw,node-name=raw,file=file",
                "--chardev",
                "socket,id=qmp,server=on,wait=off,path=" + file("qmp"),
                "--monitor",
                "chardev=qmp",
                "--pidfile",
                file("pid"));
    }

    private static void touchSignals(Runnable stop) {
        ShutdownSignals.handle(() -> {}, new Thread());
    }

    /** Talks until the daemon quits. Whether FUSE can be had doesn't matter: its classes are loaded either way. */
    private void talk() {
        List<String> commands = List.of(
                "{'execute': 'qmp_capabilities'}",
                "{'execute': 'query-version'}",
                "{'execute': 'block-export-add', 'arguments': {'type': 'fuse', 'id': 'fuse', 'node-name': 'raw',"
                        + " 'mountpoint': '" + file("fuse") + "', 'writable': true, 'iothread': 'thread'}}",
                "{'execute': 'query-block-exports'}",
                "{'execute': 'query-named-block-nodes'}",
                "{'execute': 'no-such-command'}",
                "{'execute': 'quit'}");
        try (SocketChannel channel = connect()) {
            channel.write(ByteBuffer.wrap(String.join("\n", commands).getBytes(StandardCharsets.UTF_8)));
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            while (channel.read(buffer) >= 0) {
                buffer.clear();
            }
        } catch (IOException | InterruptedException e) {
            System.err.println("training: " + e);
            System.exit(1);
        }
    }

    private SocketChannel connect() throws IOException, InterruptedException {
        while (!Files.exists(directory.resolve("pid"))) {
            Thread.sleep(1);
        }
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(directory.resolve("qmp")));
        return channel;
    }

    private String file(String name) {
        return directory.resolve(name).toString();
    }
}
