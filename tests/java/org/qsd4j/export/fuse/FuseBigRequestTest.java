package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;
import org.qsd4j.block.MemoryNode;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** Requests are as big as the machine's administrator allows, which is more than every kernel can do. */
class FuseBigRequestTest {
    private static final int PAGES = 1024;
    private static final int BYTES = PAGES * 4096;
    private static final int START = 4096;

    @TempDir
    Path dir;

    @BeforeEach
    void require() {
        Requirements.fuse();
    }

    @Test
    void overTheDevice() throws Exception {
        onePieceEach(FuseSwitch.OFF);
    }

    @Test
    @SuppressWarnings("try") // the parameter is set for the length of the block
    void overIoUring() throws Exception {
        try (FuseParameter parameter = FuseParameter.ioUring("Y")) {
            parameter.require();
            onePieceEach(FuseSwitch.ON);
        }
    }

    private void onePieceEach(FuseSwitch ioUring) throws Exception {
        NativeBuffer written = NativeBuffer.allocate(BYTES);
        NativeBuffer read = NativeBuffer.allocate(BYTES);
        for (int i = 0; i < BYTES; i += Long.BYTES) {
            written.putLong(i, i * 0x9e3779b97f4a7c15L);
        }
        try (FuseParameter limit = FuseParameter.maxPages(PAGES);
                FuseFixture fixture = new FuseFixture(dir)) {
            limit.require();
            fixture.driver.setIoUring(ioUring);
            MemoryNode node = fixture.node("node", 2 * BYTES);
            Path file = fixture.export(node, "'writable': true");
            int fd = Libc.open(file.toString(), Libc.O_RDWR | Libc.O_CLOEXEC | Libc.O_DIRECT, 0);
            assertThat(Libc.pwrite(fd, written.address(), BYTES, START)).isEqualTo(BYTES);
            assertThat(node.biggest).isEqualTo(BYTES);
            node.biggest = 0;
            assertThat(Libc.pread(fd, read.address(), BYTES, START)).isEqualTo(BYTES);
            assertThat(node.biggest).isEqualTo(BYTES);
            Libc.close(fd);
            assertThat(fixture.errors).isEmpty();
        }
        for (int i = 0; i < BYTES; i += Long.BYTES) {
            assertThat(read.getLong(i)).isEqualTo(written.getLong(i));
        }
    }
}
