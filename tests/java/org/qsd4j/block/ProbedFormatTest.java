package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.driver.qcow2.Qcow2Driver;
import org.qsd4j.crypto.Passphrase;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** An image that was opened without a format, and found to be raw. */
class ProbedFormatTest {
    private static final int MAGIC = 0x514649fb;
    private static final int VERSION = 3;

    @TempDir
    Path dir;

    private final TestGraph test = new TestGraph(new Qcow2Driver(line -> {}, event -> {}, Passphrase.NONE));
    private final NativeBuffer buffer = NativeBuffer.allocate(4096);
    private Path image;

    @BeforeEach
    void makeImage() throws Exception {
        image = Files.write(dir.resolve("img"), new byte[65536]);
        buffer.putInt(0, Integer.reverseBytes(MAGIC));
        buffer.putInt(4, Integer.reverseBytes(VERSION));
    }

    @AfterEach
    void close() {
        test.close();
    }

    private BlockBackend open(@Nullable String format) {
        BlockNode node = test.graph.openImage(image.toString(), format, OpenFlags.DEFAULTS);
        assertThat(node.driver().formatName()).isEqualTo("raw");
        BlockBackend backend = test.writer(node);
        test.graph.release(node.state());
        return backend;
    }

    @Test
    void itsFirstSectorCannotBecomeAnotherFormats() throws Exception {
        BlockBackend backend = open(null);
        assertThat(backend.write(0, buffer, 0, 4096, 0)).isEqualTo(-Errno.EPERM);
        assertThat(backend.write(0, buffer, 0, 8, 0)).isEqualTo(-Errno.EPERM);
        assertThat(Files.readAllBytes(image)).isEqualTo(new byte[65536]);
    }

    @Test
    void neitherInSmallSteps() throws Exception {
        BlockBackend backend = open(null);
        assertThat(backend.write(1, buffer, 1, 7, 0)).isZero();
        assertThat(backend.write(0, buffer, 0, 1, 0)).isEqualTo(-Errno.EPERM);
    }

    @Test
    void everythingElseCanBeWritten() throws Exception {
        BlockBackend backend = open(null);
        assertThat(backend.write(512, buffer, 0, 4096, 0)).isZero();
        assertThat(backend.write(0, buffer, 512, 512, 0)).isZero();
        assertThat(backend.writeZeroes(0, 4096, 0)).isZero();
    }

    @Test
    void aNamedFormatTakesAnything() throws Exception {
        BlockBackend backend = open("raw");
        assertThat(backend.write(0, buffer, 0, 4096, 0)).isZero();
    }
}
