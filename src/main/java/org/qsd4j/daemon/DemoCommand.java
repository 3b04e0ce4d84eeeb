package org.qsd4j.daemon;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.FileSystems;

/** Shows the main job from end to end on an image of its own, and leaves nothing behind. */
final class DemoCommand implements Subcommand {
    private static final int IMAGE_BYTES = 64 << 20;
    private static final int DATA_BYTES = 8 << 20;
    private static final int DATA_OFFSET = 4 << 20;
    private static final long START_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(30);

    @Override
    public String name() {
        return "demo";
    }

    @Override
    public String synopsis() {
        return "";
    }

    @Override
    public String summary() {
        return "make an image, export it over FUSE, write and read through the mount, compare, clean up";
    }

    @Override
    public List<Option> options() {
        return List.of();
    }

    @Override
    public int run(Tool tool, ToolArguments arguments) throws Exception {
        requireFuse();
        tool.signals().accept(Thread.currentThread()::interrupt);
        Process daemon = null;
        try (TemporaryDirectory directory = new TemporaryDirectory("qsd4j-demo")) {
            try {
                daemon = start(tool, directory);
                show(tool, directory);
                int status = daemon.waitFor();
                tool.out().print("The daemon has ended with exit code " + status + "; nothing is left behind.\n");
                return status;
            } finally {
                end(daemon);
            }
        }
    }

    private static void show(Tool tool, TemporaryDirectory directory) throws IOException {
        Path image = directory.resolve("disk.raw");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(IMAGE_BYTES);
        }
        tool.out().print("An image of 64 MiB: " + image + "\n");
        talk(tool, directory.resolve("qmp.sock"), image, Files.createFile(directory.resolve("disk.mnt")));
    }

    private static void requireFuse() {
        Path device = Path.of("/dev/fuse");
        if (!Files.exists(device)) {
            throw QapiException.generic("FUSE is not there: as root 'modprobe fuse', or give the container"
                    + " '--device /dev/fuse --cap-add SYS_ADMIN'");
        }
        boolean program = Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(path -> Files.isExecutable(Path.of(path, "fusermount3")));
        if (FileSystems.effectiveUid() != 0 && !program) {
            throw QapiException.generic("mounting wants root or fusermount3: apt-get install fuse3");
        }
    }

    private static Process start(Tool tool, TemporaryDirectory directory) throws IOException, InterruptedException {
        Path pidfile = directory.resolve("pid");
        String program =
                Path.of(tool.program().argv0()).resolveSibling(Program.DAEMON).toString();
        List<String> command = List.of(
                program,
                "--chardev",
                "socket,id=qmp,server=on,wait=off,path=" + directory.resolve("qmp.sock"),
                "--monitor",
                "chardev=qmp",
                "--pidfile",
                pidfile.toString());
        tool.out().print("$ " + String.join(" ", command) + " &\n");
        Process daemon = new ProcessBuilder(command)
                .redirectOutput(Redirect.INHERIT)
                .redirectError(Redirect.INHERIT)
                .start();
        long deadline = System.nanoTime() + START_TIMEOUT_NANOS;
        while (!Files.exists(pidfile)) {
            if (!daemon.isAlive() || System.nanoTime() > deadline) {
                end(daemon);
                throw QapiException.generic("the daemon did not start");
            }
            Thread.sleep(2);
        }
        return daemon;
    }

    private static void talk(Tool tool, Path socket, Path image, Path mountpoint) throws IOException {
        try (QmpClient qmp = new QmpClient(socket, line -> tool.out().print(line + "\n"))) {
            qmp.execute("{\"execute\": \"blockdev-add\", \"arguments\": {\"driver\": \"raw\", \"node-name\": \"disk\","
                    + " \"file\": {\"driver\": \"file\", \"filename\": \"" + image + "\"}}}");
            qmp.execute("{\"execute\": \"block-export-add\", \"arguments\": {\"type\": \"fuse\", \"id\": \"exp0\","
                    + " \"node-name\": \"disk\", \"mountpoint\": \"" + mountpoint + "\", \"writable\": true}}");
            byte[] data = new byte[DATA_BYTES];
            new Random().nextBytes(data);
            write(mountpoint, data);
            compare(mountpoint, data);
            tool.out().print("8 MiB of random bytes written through " + mountpoint + " and read back: the same.\n");
            qmp.execute("{\"execute\": \"query-block-exports\"}");
            qmp.execute("{\"execute\": \"block-export-del\", \"arguments\": {\"id\": \"exp0\"}}");
            compare(image, data);
            tool.out().print("The image itself holds them, too.\n");
            qmp.execute("{\"execute\": \"quit\"}");
        }
    }

    private static void write(Path file, byte[] data) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(data);
            while (buffer.hasRemaining()) {
                channel.write(buffer, DATA_OFFSET + buffer.position());
            }
            channel.force(true);
        }
    }

    private static void compare(Path file, byte[] data) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(data.length);
        try (FileChannel channel = FileChannel.open(file)) {
            int got = 0;
            while (buffer.hasRemaining() && got >= 0) {
                got = channel.read(buffer, DATA_OFFSET + buffer.position());
            }
        }
        if (!Arrays.equals(buffer.array(), data)) {
            throw QapiException.generic("'%s' holds other bytes than were written", file);
        }
    }

    private static void end(@Nullable Process daemon) throws InterruptedException {
        Thread.interrupted(); // Ctrl-C must not hurry the cleaning up
        if (daemon != null && daemon.isAlive()) {
            daemon.destroy();
            daemon.waitFor();
        }
    }
}
