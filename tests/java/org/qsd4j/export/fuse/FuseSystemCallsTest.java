package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;
import org.qsd4j.aio.IoThread;
import org.qsd4j.block.BlockNode;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** A request costs the fewest system calls: the kernel counts what the queue's thread reads and writes. */
class FuseSystemCallsTest {
    private static final int REQUESTS = 1000;

    @TempDir
    Path dir;

    private final NativeBuffer buffer = NativeBuffer.allocate(4096);

    /** Reads, writes. */
    private record Calls(long reads, long writes) {
        Calls minus(Calls before) {
            return new Calls(reads - before.reads, writes - before.writes);
        }
    }

    @Test
    void aReadIsTheRequestTheFileAndTheReply() throws Exception {
        Calls each = perThousand(Libc::pread);
        // The request, the look that finds no other, and the file.
        assertThat(each.reads).isBetween((long) REQUESTS, 3L * REQUESTS + 20);
        assertThat(each.writes).isBetween((long) REQUESTS, REQUESTS + 20L);
    }

    @Test
    void aWriteIsTheRequestTheFileAndTheReply() throws Exception {
        Calls each = perThousand(Libc::pwrite);
        assertThat(each.reads).isBetween((long) REQUESTS, 2L * REQUESTS + 20);
        assertThat(each.writes).isBetween(2L * REQUESTS, 2L * REQUESTS + 20);
    }

    private interface Request {
        long make(int fd, long address, long bytes, long offset);
    }

    private Calls perThousand(Request request) throws Exception {
        Requirements.fuse();
        Path image = Files.write(dir.resolve("image"), new byte[1 << 20]);
        try (FuseFixture fixture = new FuseFixture(dir)) {
            IoThread settings = new IoThread("io");
            settings.setPollMaxNanos(0); // looks without number while it spins
            fixture.ioThreads.put("io", settings);
            BlockNode node = fixture.nodes.add(
                    "{'driver': 'file', 'node-name': 'n', 'filename': '" + image + "', 'locking': 'off'}");
            Path file = Files.createFile(dir.resolve("m"));
            fixture.exports.add(FuseFixture.options("e", "n", file, "'writable': true, 'iothread': 'io'"));
            assertThat(node.nodeName()).isEqualTo("n");
            int fd = Libc.open(file.toString(), Libc.O_RDWR | Libc.O_CLOEXEC, 0);
            try {
                Calls before = calls();
                for (int i = 0; i < REQUESTS; i++) {
                    assertThat(request.make(fd, buffer.address(), 4096, (i & 255) * 4096L))
                            .isEqualTo(4096);
                }
                return calls().minus(before);
            } finally {
                Libc.close(fd);
            }
        }
    }

    private static Calls calls() throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            Path task = tasks.filter(FuseSystemCallsTest::isQueue).findAny().orElseThrow();
            List<String> counters = Files.readAllLines(task.resolve("io"));
            return new Calls(counter(counters, "syscr: "), counter(counters, "syscw: "));
        }
    }

    private static boolean isQueue(Path task) {
        try {
            return Files.readString(task.resolve("comm")).startsWith("fuse e 0");
        } catch (IOException e) {
            return false; // it has ended
        }
    }

    private static long counter(List<String> counters, String name) {
        return counters.stream()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.substring(name.length())))
                .findFirst()
                .orElseThrow();
    }
}
