package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** What discard, detect-zeroes, cache.no-flush, read-only and writethrough do to requests. */
class RequestOptionsTest {
    private static final int SIZE = 1 << 20;

    private final StrictMemoryDriver driver = new StrictMemoryDriver(SIZE);
    private final TestGraph test = new TestGraph(driver);
    private final NativeBuffer zeroes = NativeBuffer.allocate(4096);
    private final NativeBuffer ones = NativeBuffer.allocate(4096);

    RequestOptionsTest() {
        ones.putByte(4095, (byte) 1);
    }

    @AfterEach
    void close() {
        test.close();
    }

    private BlockBackend open(String options) {
        return test.writer(test.add("{'driver':'null-co','node-name':'n'" + options + "}"));
    }

    @Test
    void discardsAreIgnoredUnlessUnmap() {
        assertThat(open("").discard(0, 4096)).isZero();
        assertThat(driver.discards).hasValue(0);
    }

    @Test
    void discardsReachTheDriverWithUnmap() {
        BlockBackend backend = open(",'discard':'unmap'");
        assertThat(backend.discard(0, 4096)).isZero();
        assertThat(driver.discards).hasValue(1);
        driver.discardResult = -Errno.ENOTSUP;
        assertThat(backend.discard(0, 4096)).isZero();
        driver.discardResult = -Errno.EIO;
        assertThat(backend.discard(0, 4096)).isEqualTo(-Errno.EIO);
    }

    @Test
    void rejectedPartOfDiscardUnitIsNoError() {
        driver.demanded.pdiscardAlignment = 4096;
        BlockBackend backend = open(",'discard':'unmap'");
        driver.discardResult = -Errno.EINVAL;
        assertThat(backend.discard(512, 1024)).isZero();
        assertThat(backend.discard(4096, 4096)).isEqualTo(-Errno.EINVAL);
    }

    /** Half of it may have got through; QEMU counts it as written, too. */
    @Test
    void aFlushAfterAFailedWriteReachesTheDriver() {
        BlockBackend backend = open("");
        driver.writeResult = -Errno.EIO;
        assertThat(backend.write(0, ones, 0, 4096, 0)).isEqualTo(-Errno.EIO);
        assertThat(backend.flush()).isZero();
        assertThat(driver.flushes).hasValue(1);
    }

    @Test
    void zeroesAreDetected() {
        driver.zeroesSupported = true;
        BlockBackend backend = open(",'detect-zeroes':'on'");
        assertThat(backend.write(0, zeroes, 0, 4096, 0)).isZero();
        assertThat(driver.zeroRequests).hasValue(1);
        assertThat(backend.write(0, ones, 0, 4096, 0)).isZero();
        assertThat(driver.zeroRequests).hasValue(1);
    }

    @Test
    void detectedZeroesAreWrittenWhereTheDriverCant() {
        BlockBackend backend = open(",'detect-zeroes':'on'");
        assertThat(backend.write(0, ones, 0, 4096, 0)).isZero();
        assertThat(backend.write(0, zeroes, 0, 4096, 0)).isZero();
        assertThat(driver.bytes.isZero(0, 4096)).isTrue();
    }

    @Test
    void zeroesWithoutFallbackFail() {
        assertThat(open("").writeZeroes(0, 4096, RequestFlags.NO_FALLBACK)).isEqualTo(-Errno.ENOTSUP);
    }

    @Test
    void longZeroesAreSplit() {
        driver.zeroesSupported = true;
        driver.demanded.maxPwriteZeroes = 10_000;
        driver.demanded.pwriteZeroesAlignment = 4096;
        BlockBackend backend = open("");
        ones.putByte(0, (byte) 1);
        assertThat(backend.write(4000, ones, 0, 4096, 0)).isZero();
        assertThat(backend.writeZeroes(1000, 40_000, 0)).isZero();
        assertThat(driver.bytes.isZero(0, 50_000)).isTrue();
        assertThat(driver.zeroRequests.get()).isGreaterThanOrEqualTo(5);
    }

    @Test
    void flushOfCleanNodeIsFree() {
        BlockBackend backend = open("");
        assertThat(backend.flush()).isZero();
        assertThat(driver.flushes).hasValue(0);
        backend.write(0, ones, 0, 4096, 0);
        assertThat(backend.flush()).isZero();
        assertThat(backend.flush()).isZero();
        assertThat(driver.flushes).hasValue(1);
    }

    @Test
    void failedFlushIsTriedAgain() {
        BlockBackend backend = open("");
        backend.write(0, ones, 0, 4096, 0);
        driver.flushResult = -Errno.EIO;
        assertThat(backend.flush()).isEqualTo(-Errno.EIO);
        assertThat(backend.flush()).isEqualTo(-Errno.EIO);
        driver.flushResult = 0;
        assertThat(backend.flush()).isZero();
    }

    @Test
    void failedFlushDuringCloseIsReported() {
        BlockBackend backend = open("");
        backend.write(0, ones, 0, 4096, 0);
        driver.flushResult = -Errno.EIO;
        test.close();
        assertThat(test.reports).containsExactly("Failed flush for 'n' during close: Input/output error");
    }

    @Test
    void noFlushIgnoresFlushes() {
        BlockBackend backend = open(",'cache':{'no-flush':true}");
        backend.write(0, ones, 0, 4096, RequestFlags.FUA);
        assertThat(backend.flush()).isZero();
        assertThat(driver.flushes).hasValue(0);
    }

    @Test
    void writethroughFlushesEveryWrite() {
        BlockBackend backend = open("");
        backend.setWritethrough(true);
        backend.write(0, ones, 0, 4096, 0);
        backend.write(0, ones, 0, 4096, 0);
        assertThat(driver.flushes).hasValue(2);
    }

    @Test
    void readOnlyNodeRefusesWrites() {
        BlockBackend backend = test.reader(test.add("{'driver':'null-co','node-name':'n','read-only':true}"));
        assertThat(backend.write(0, ones, 0, 4096, 0)).isEqualTo(-Errno.EPERM);
        assertThat(backend.writeZeroes(0, 4096, 0)).isEqualTo(-Errno.EPERM);
        assertThat(backend.discard(0, 4096)).isEqualTo(-Errno.EPERM);
    }

    @Test
    void requestsOutsideFail() {
        BlockBackend backend = open("");
        assertThat(backend.read(SIZE, zeroes, 0, 512)).isEqualTo(-Errno.EIO);
        assertThat(backend.write(SIZE - 100, zeroes, 0, 512, 0)).isEqualTo(-Errno.EIO);
        assertThat(backend.read(-512, zeroes, 0, 512)).isEqualTo(-Errno.EIO);
        assertThat(backend.discard(Long.MAX_VALUE, 512)).isEqualTo(-Errno.EIO);
    }
}
