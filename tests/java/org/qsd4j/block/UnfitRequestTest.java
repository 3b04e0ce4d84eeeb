package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.sys.NativeBuffer;

class UnfitRequestTest {
    private static final int SIZE = 3 << 20;
    private static final int MAX_REQUEST = 400_000;

    private final StrictMemoryDriver driver = new StrictMemoryDriver(SIZE);

    /** Requests of any offset, length and address against an array that does the same. */
    @ParameterizedTest
    @CsvSource({"1,1,0", "512,512,0", "4096,4096,0", "512,4096,65536", "4096,512,4096", "1,512,1000", "1,1,5000"})
    void randomRequestsDoWhatAnArrayDoes(int requestAlignment, int memoryAlignment, int maxTransfer) {
        driver.demanded.requestAlignment = requestAlignment;
        driver.demanded.memoryAlignment = memoryAlignment;
        driver.demanded.maxTransfer = maxTransfer;
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] model = new byte[SIZE];
        NativeBuffer buffer = NativeBuffer.allocate(MAX_REQUEST + 8192);
        try (TestGraph test = new TestGraph(driver)) {
            BlockBackend backend = test.writer(test.add("{'driver':'null-co','node-name':'n'}"));
            for (int i = 0; i < 600; i++) {
                int bytes = 1 + random.nextInt(random.nextBoolean() ? MAX_REQUEST : 1500);
                int offset = random.nextInt(SIZE - bytes + 1);
                int at = random.nextInt(8192);
                if (random.nextInt(4) == 0) {
                    offset &= -4096;
                    at &= -4096;
                }
                driver.zeroesSupported = random.nextBoolean();
                step(backend, random, model, buffer, offset, at, bytes, seed);
            }
        }
        byte[] all = new byte[SIZE];
        driver.bytes.get(0, all, 0, SIZE);
        assertThat(Arrays.equals(all, model)).as("seed %d", seed).isTrue();
    }

    private static void step(
            BlockBackend backend,
            Random random,
            byte[] model,
            NativeBuffer buffer,
            int offset,
            int at,
            int bytes,
            long seed) {
        byte[] data = new byte[bytes];
        switch (random.nextInt(3)) {
            case 0 -> {
                random.nextBytes(data);
                buffer.put(at, data, 0, bytes);
                assertThat(backend.write(offset, buffer, at, bytes, 0)).isZero();
                System.arraycopy(data, 0, model, offset, bytes);
            }
            case 1 -> {
                assertThat(backend.writeZeroes(offset, bytes, 0)).isZero();
                Arrays.fill(model, offset, offset + bytes, (byte) 0);
            }
            default -> {
                assertThat(backend.read(offset, buffer, at, bytes)).isZero();
                buffer.get(at, data, 0, bytes);
                assertThat(Arrays.equals(data, 0, bytes, model, offset, offset + bytes))
                        .as("seed %d, %d bytes at %d", seed, bytes, offset)
                        .isTrue();
            }
        }
    }

    /** Threads own interleaved ranges that share blocks; nobody's bytes may be lost to somebody else's padding. */
    @Test
    void neighboursInOneBlockDontUndoEachOther() throws Exception {
        driver.demanded.requestAlignment = 512;
        driver.demanded.memoryAlignment = 512;
        driver.yieldsAfterRead = true;
        int threads = 4;
        int stride = 200;
        int rounds = 30;
        List<Thread> running = new ArrayList<>();
        try (TestGraph test = new TestGraph(driver)) {
            BlockBackend backend = test.writer(test.add("{'driver':'null-co','node-name':'n'}"));
            for (int t = 0; t < threads; t++) {
                int id = t;
                Thread thread = new Thread(() -> writeOwnRanges(backend, id, threads, stride, rounds));
                thread.start();
                running.add(thread);
            }
            for (Thread thread : running) {
                thread.join();
            }
        }
        for (int slot = 0; slot < threads * 100; slot++) {
            byte owner = (byte) (slot % threads + 1);
            for (int i = 0; i < stride; i++) {
                assertThat(driver.bytes.getByte(slot * stride + i)).isEqualTo(owner);
            }
        }
    }

    private static void writeOwnRanges(BlockBackend backend, int id, int threads, int stride, int rounds) {
        NativeBuffer buffer = NativeBuffer.allocate(stride);
        for (int i = 0; i < stride; i++) {
            buffer.putByte(i, (byte) (id + 1));
        }
        for (int round = 0; round < rounds; round++) {
            for (int slot = id; slot < threads * 100; slot += threads) {
                if (backend.write((long) slot * stride, buffer, 0, stride, 0) != 0) {
                    throw new AssertionError("write failed");
                }
            }
        }
    }

    @Test
    void readsBehindTheEndAreZeroes() {
        driver.demanded.requestAlignment = 512;
        try (TestGraph test = new TestGraph(driver)) {
            BlockNode node = test.add("{'driver':'null-co','node-name':'n'}");
            NativeBuffer buffer = NativeBuffer.allocate(4096);
            buffer.putByte(2000, (byte) 7);
            assertThat(node.read(SIZE - 100, buffer, 0, 4096)).isZero();
            assertThat(buffer.isZero(0, 4096)).isTrue();
            buffer.putByte(0, (byte) 7);
            assertThat(node.read(SIZE + 100L, buffer, 0, 4096)).isZero();
            assertThat(buffer.isZero(0, 4096)).isTrue();
        }
    }
}
