package org.qsd4j.block.driver.blkverify;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.blkdebug.BlkdebugDriver;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

class BlkverifyTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    Path dir;

    private final List<String> fatal = new ArrayList<>();
    private final TestGraph graph = new TestGraph(new BlkverifyDriver(fatal::add), new BlkdebugDriver());
    private final NativeBuffer buffer = NativeBuffer.allocate(SIZE);

    @BeforeEach
    void files() throws IOException {
        Files.write(dir.resolve("raw"), new byte[SIZE]);
        Files.write(dir.resolve("test"), new byte[SIZE]);
    }

    @AfterEach
    void close() {
        graph.close();
    }

    private String file(String name) {
        return "{'driver':'file','filename':'" + dir.resolve(name) + "'}";
    }

    private BlockBackend open(String test) {
        return graph.writer(
                graph.add("{'driver':'blkverify','node-name':'v','raw':" + file("raw") + ",'test':" + test + "}"));
    }

    @Test
    void writesAndZeroesReachBoth() throws IOException {
        BlockBackend blk = open(file("test"));
        buffer.putByte(0, (byte) 5);
        assertThat(blk.write(1000, buffer, 0, 1, 0)).isZero();
        assertThat(blk.write(70000, buffer, 0, 1, 0)).isZero();
        assertThat(blk.writeZeroes(65536, 65536, 0)).isZero();
        assertThat(blk.flush()).isZero();
        assertThat(blk.read(0, buffer, 0, SIZE)).isZero();
        assertThat(fatal).isEmpty();
        byte[] expected = new byte[SIZE];
        expected[1000] = 5;
        assertThat(Files.readAllBytes(dir.resolve("raw"))).isEqualTo(expected);
        assertThat(Files.readAllBytes(dir.resolve("test"))).isEqualTo(expected);
    }

    @Test
    void differenceIsFatal() throws IOException {
        byte[] bytes = new byte[SIZE];
        bytes[300000] = 1;
        Files.write(dir.resolve("test"), bytes);
        BlockBackend blk = open(file("test"));
        assertThat(blk.read(512, buffer, 0, 1024)).isZero();
        assertThat(fatal).isEmpty();
        assertThat(blk.read(512, buffer, 0, 512 * 1024)).isZero();
        assertThat(fatal).containsExactly("blkverify: read offset=512 bytes=524288 contents mismatch at offset 300000");
    }

    @Test
    void errorOfOneIsFatal() {
        BlockBackend blk =
                open("{'driver':'blkdebug','image':" + file("test") + ",'inject-error':[{'event':'none','errno':5}]}");
        assertThat(blk.write(512, buffer, 0, 1024, 0)).isEqualTo(-Errno.EIO);
        assertThat(blk.read(0, buffer, 0, 512)).isEqualTo(-Errno.EIO);
        assertThat(fatal)
                .containsExactly(
                        "blkverify: write offset=512 bytes=1024 return value mismatch -5 != 0",
                        "blkverify: read offset=0 bytes=512 return value mismatch -5 != 0");
    }
}
