package org.qsd4j.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibcTest {
    @TempDir
    Path dir;

    @Test
    void preadReturnsWhatPwriteWrote() throws Exception {
        Path file = Files.createFile(dir.resolve("f"));
        int fd = Libc.open(file.toString(), Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        assertThat(fd).isNotNegative();
        NativeBuffer buffer = NativeBuffer.allocate(8192);
        buffer.putLongBE(16, 0x0102030405060708L);
        assertThat(Libc.pwrite(fd, buffer.address(16, 8), 8, 4096)).isEqualTo(8);
        assertThat(Libc.pread(fd, buffer.address(4096, 4096), 4096, 4096)).isEqualTo(8);
        assertThat(buffer.getLongBE(4096)).isEqualTo(0x0102030405060708L);
        assertThat(Libc.close(fd)).isZero();
    }

    @Test
    void aNulDoesNotCutANameShort() throws Exception {
        Path file = Files.createFile(dir.resolve("f"));
        assertThat(Libc.open(file + "\0tail", Libc.O_RDONLY | Libc.O_CLOEXEC, 0))
                .isEqualTo(-Errno.ENOENT);
        assertThat(Libc.utf8("a\0\u00e4"))
                .isEqualTo(new byte[] {'a', (byte) 0xc0, (byte) 0x80, (byte) 0xc3, (byte) 0xa4});
    }

    @Test
    void failuresAreNegativeErrno() {
        assertThat(Libc.open(dir.resolve("absent").toString(), Libc.O_RDONLY, 0))
                .isEqualTo(-Errno.ENOENT);
        assertThat(Libc.pread(-1, 0, 1, 0)).isEqualTo(-Errno.EBADF);
    }
}
