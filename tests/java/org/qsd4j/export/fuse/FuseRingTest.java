package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;
import org.qsd4j.aio.IoThread;
import org.qsd4j.block.MemoryNode;
import org.qsd4j.qapi.gen.BlockExportRemoveMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.FileSystems;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** When requests come over io_uring, when they don't, and how that ends. */
@SuppressWarnings("try") // the parameter is set for the length of the block
class FuseRingTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    Path dir;

    private FuseFixture fixture;

    @BeforeEach
    void setUp() {
        Requirements.fuse();
        fixture = new FuseFixture(dir);
        fixture.driver.setIoUring(FuseSwitch.ON);
    }

    @AfterEach
    void tearDown() throws Exception {
        fixture.close();
        for (int i = 0; i < 500 && !threads("fuse e ").isEmpty(); i++) {
            Thread.sleep(10); // a thread gives its export up just before it ends
        }
        assertThat(threads("fuse e ")).as("threads that are left").isEmpty();
    }

    private static List<String> threads(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith(prefix))
                .toList();
    }

    private static void read(Path file) {
        NativeBuffer buffer = NativeBuffer.allocate(4096);
        int fd = Libc.open(file.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        assertThat(fd).isNotNegative();
        assertThat(Libc.pread(fd, buffer.address(), 4096, 0)).isEqualTo(4096);
        Libc.close(fd);
    }

    @Test
    void offMeansTheDevice() throws Exception {
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            fixture.driver.setIoUring(FuseSwitch.OFF);
            read(fixture.export(fixture.node("node", SIZE), ""));
            assertThat(threads("fuse e ring")).isEmpty();
        }
    }

    @Test
    void anIothreadListIsARingEach() throws Exception {
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            fixture.ioThreads.put("io", new IoThread("io"));
            read(fixture.export(fixture.node("node", SIZE), "'iothread': 'io'"));
            assertThat(threads("fuse e ring")).isNotEmpty();
        }
    }

    @Test
    void whereTheKernelOffersNoneTheDeviceServesAndOneLineSaysWhy() throws Exception {
        try (FuseParameter parameter = FuseParameter.ioUring("N")) {
            read(fixture.export(fixture.node("node", SIZE), ""));
            assertThat(threads("fuse e ring")).isEmpty();
            assertThat(fixture.errors)
                    .singleElement()
                    .asString()
                    .contains("'e' is served over /dev/fuse, not io_uring");
        }
    }

    @Test
    void whatTheKernelRefusesGoesOnOverTheDevice() throws Exception {
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            fixture.driver.setRingPayloadBytes(NativeBuffer.ALIGNMENT); // less than the kernel insists on
            Path file = fixture.export(fixture.node("node", SIZE), "'writable': true");
            for (int i = 0; i < 20; i++) {
                read(file);
            }
            assertThat(fixture.errors).singleElement().asString().contains("io_uring: Invalid argument");
        }
    }

    @Test
    void autoTakesWhatThereIsWithoutAWord() throws Exception {
        fixture.driver.setIoUring(FuseSwitch.AUTO);
        try (FuseParameter parameter = FuseParameter.ioUring("N")) {
            read(fixture.export(fixture.node("node", SIZE), ""));
            fixture.exports.remove("e", null);
        }
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            fixture.exports.add(FuseFixture.options("e", "node", dir.resolve("m"), ""));
            read(dir.resolve("m"));
            assertThat(threads("fuse e ring")).isNotEmpty();
        }
        assertThat(fixture.errors).isEmpty();
    }

    @Test
    void autoLeavesExportsInGreatNumbersToTheDevice() throws Exception {
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            fixture.driver.setIoUring(FuseSwitch.AUTO);
            fixture.node("node", SIZE);
            for (int i = 0; i <= FuseExport.MAX_AUTO_RINGS; i++) {
                Path file = Files.createFile(dir.resolve("m" + i));
                fixture.exports.add(FuseFixture.options("e" + i, "node", file, ""));
                read(file);
            }
            assertThat(threads("fuse e" + (FuseExport.MAX_AUTO_RINGS - 1) + " ring"))
                    .isNotEmpty();
            assertThat(threads("fuse e" + FuseExport.MAX_AUTO_RINGS + " ring")).isEmpty();
            assertThat(fixture.driver.exportsWithRings()).isEqualTo(FuseExport.MAX_AUTO_RINGS);
        }
        fixture.exports.closeAll(TimeUnit.SECONDS.toNanos(20));
        assertThat(fixture.driver.exportsWithRings()).isZero();
    }

    @Test
    void requestsThatWaitForADiskDoNotHoldUpOthers() throws Exception {
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            MemoryNode node = fixture.node("node", SIZE);
            Path file = fixture.export(node, "");
            ExecutorService readers = Executors.newCachedThreadPool();
            try {
                List<Future<?>> reads = new ArrayList<>();
                for (int round = 0; round < 3; round++) {
                    node.gate = new CountDownLatch(1);
                    for (int i = 0; i < 12; i++) {
                        reads.add(readers.submit(() -> read(file)));
                    }
                    Thread.sleep(50);
                    node.gate.countDown();
                    for (Future<?> read : reads) {
                        read.get(20, TimeUnit.SECONDS);
                    }
                }
                assertThat(threads("fuse e worker")).isNotEmpty();
            } finally {
                node.gate.countDown();
                readers.shutdownNow();
            }
        }
    }

    @Test
    void anExportWhoseDiskHangsIsDeletedWithoutHoldingUpTheMainLoop() throws Exception {
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            MemoryNode node = fixture.node("node", SIZE);
            Path file = fixture.export(node, "");
            node.gate = new CountDownLatch(1);
            List<Thread> clients = new ArrayList<>();
            try {
                for (int i = 0; i < 8; i++) {
                    Thread client = new Thread(() -> readUntilItFails(file));
                    client.start();
                    clients.add(client);
                }
                for (int i = 0; i < 500 && node.waiting.get() == 0; i++) {
                    Thread.sleep(10);
                }
                long start = System.nanoTime();
                fixture.exports.remove("e", BlockExportRemoveMode.HARD);
                assertThat(System.nanoTime() - start).as("ns").isLessThan(5_000_000_000L);
            } finally {
                node.gate.countDown();
            }
            for (Thread client : clients) {
                client.join(20_000);
                assertThat(client.isAlive()).isFalse();
            }
        }
    }

    @Test
    void whoHasTheFileOpenIsToldThatTheExportHasGone() throws Exception {
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            ExecutorService clients = Executors.newCachedThreadPool();
            try {
                for (int round = 0; round < 5; round++) {
                    Path file = fixture.export(fixture.node("node" + round, SIZE), "'writable': true");
                    List<Future<Long>> errors = new ArrayList<>();
                    for (int i = 0; i < 6; i++) {
                        errors.add(clients.submit(() -> readUntilItFails(file)));
                    }
                    Thread.sleep(20);
                    fixture.exports.remove("e", BlockExportRemoveMode.HARD);
                    for (Future<Long> error : errors) {
                        assertThat(error.get(20, TimeUnit.SECONDS))
                                .isIn((long) -Errno.ENOTCONN, (long) -Errno.ECONNABORTED);
                    }
                    awaitEvents(round + 1);
                    Files.delete(file);
                }
            } finally {
                clients.shutdownNow();
            }
        }
    }

    @Test
    void exportsCanBeDeletedAndUnmountedUnderLoad() throws Exception {
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            ExecutorService readers = Executors.newCachedThreadPool();
            try {
                for (int round = 0; round < 10; round++) {
                    Path file = fixture.export(fixture.node("node" + round, SIZE), "'writable': true");
                    Future<?> one = readers.submit(() -> readUntilItFails(file));
                    Future<?> two = readers.submit(() -> readUntilItFails(file));
                    Thread.sleep(20);
                    if ((round & 1) == 0) {
                        FileSystems.umount(file.toString(), FileSystems.MNT_DETACH);
                    }
                    fixture.exports.remove("e", BlockExportRemoveMode.HARD);
                    one.get(20, TimeUnit.SECONDS);
                    two.get(20, TimeUnit.SECONDS);
                    awaitEvents(round + 1);
                    Files.delete(file);
                }
                assertThat(fixture.errors).isEmpty();
            } finally {
                readers.shutdownNow();
            }
        }
    }

    /** So many exports are deleted. Their clients know earlier: the rings' threads end after the connection. */
    private void awaitEvents(int count) throws InterruptedException {
        for (int i = 0; i < 2000 && fixture.events.size() < count; i++) {
            Thread.sleep(10);
        }
        assertThat(fixture.events).hasSize(count);
    }

    /** The error. */
    private static long readUntilItFails(Path file) {
        NativeBuffer buffer = NativeBuffer.allocate(4096);
        int fd = Libc.open(file.toString(), Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        long result = fd;
        for (int i = 0; result >= 0; i++) {
            result = (i & 1) == 0
                    ? Libc.pread(fd, buffer.address(), 4096, (i & 127) * 4096L)
                    : Libc.pwrite(fd, buffer.address(), 4096, (i & 127) * 4096L);
        }
        Libc.close(fd);
        return result;
    }
}
