package org.qsd4j.export.fuse;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockExportRemoveMode;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/**
 * Which handles read the image's own file. They are told from others by what happens when the export is gone: the file is
 * still there.
 */
class FusePassthroughTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    Path dir;

    private FuseFixture fixture;
    private Path image;
    private final NativeBuffer buffer = NativeBuffer.allocate(8192);

    @BeforeEach
    void setUp() throws Exception {
        Requirements.fuse();
        fixture = new FuseFixture(dir);
        image = Files.createFile(dir.resolve("image"));
        byte[] contents = new byte[SIZE];
        for (int i = 0; i < SIZE; i++) {
            contents[i] = (byte) (i / 4096 + 1);
        }
        Files.write(image, contents);
        Assumptions.assumeTrue(
                kernelHasIt(), "missing: FUSE passthrough (Linux 6.9, image not on a stacked file system)");
    }

    @AfterEach
    void tearDown() {
        fixture.close();
        assertThat(fixture.errors).isEmpty();
    }

    /** An option that asks for it loudly says so if it can't be had. */
    private boolean kernelHasIt() throws Exception {
        fixture.driver.setPassthrough(FuseSwitch.ON);
        boolean has;
        try {
            has = readsTheFileItself("probe", raw("probe", ""), "", Libc.O_RDONLY) && fixture.errors.isEmpty();
        } finally {
            fixture.errors.clear();
            fixture.driver.setPassthrough(FuseSwitch.AUTO);
        }
        return has;
    }

    private BlockNode raw(String name, String options) {
        return fixture.nodes.add("{'driver': 'raw', 'node-name': '" + name + "', 'read-only': true" + options
                + ", 'file': {'driver': 'file', 'filename': '" + image + "'}}");
    }

    private int open(Path file, int flags) {
        int fd = Libc.open(file.toString(), flags | Libc.O_CLOEXEC, 0);
        assertThat(fd).as("open").isNotNegative();
        return fd;
    }

    private Path export(String id, BlockNode node, String options) throws IOException {
        Path file = Files.createFile(dir.resolve("m-" + id));
        fixture.exports.add(FuseFixture.options(id, node.nodeName(), file, options));
        Files.size(file); // the kernel has had its INIT answered
        return file;
    }

    private boolean readsTheFileItself(String id, BlockNode node, String options, int flags) throws IOException {
        int fd = open(export(id, node, options), flags);
        try {
            assertThat(Libc.pread(fd, buffer.address(), 4096, 8192)).isEqualTo(4096);
            assertThat(buffer.getByte(0)).isEqualTo((byte) 3);
            fixture.exports.remove(id, BlockExportRemoveMode.HARD);
            return Libc.pread(fd, buffer.address(), 4096, 8192) == 4096;
        } finally {
            Libc.close(fd);
        }
    }

    @Test
    void aReadOnlyExportOfARawFileIsReadDirectly() throws Exception {
        assertThat(readsTheFileItself("e", raw("n", ""), "", Libc.O_RDONLY)).isTrue();
    }

    @Test
    void aBareFileIsReadDirectlyToo() throws Exception {
        BlockNode node = fixture.nodes.add(
                "{'driver': 'file', 'node-name': 'n', 'read-only': true, 'filename': '" + image + "'}");
        assertThat(readsTheFileItself("e", node, "", Libc.O_RDONLY)).isTrue();
    }

    @Test
    void offMeansOff() throws Exception {
        fixture.driver.setPassthrough(FuseSwitch.OFF);
        assertThat(readsTheFileItself("e", raw("n", ""), "", Libc.O_RDONLY)).isFalse();
    }

    @Test
    void directReadsKeepTheirFreeAlignmentUnlessPassthroughIsAskedFor() throws Exception {
        assertThat(readsTheFileItself("e", raw("n", ""), "", Libc.O_RDONLY | Libc.O_DIRECT))
                .isFalse();
        fixture.driver.setPassthrough(FuseSwitch.ON);
        assertThat(readsTheFileItself("f", raw("o", ""), "", Libc.O_RDONLY | Libc.O_DIRECT))
                .isTrue();
    }

    /** The kernel refuses to mix them. */
    @Test
    void handlesOfOneKindDoNotKeepTheOthersFromOpening() throws Exception {
        Path file = export("e", raw("n", ""), "");
        for (int flags : List.of(Libc.O_RDONLY, Libc.O_DIRECT)) {
            int first = open(file, flags);
            int second = open(file, flags ^ Libc.O_DIRECT);
            for (int fd : List.of(first, second)) {
                assertThat(Libc.pread(fd, buffer.address(), 4096, 8192)).isEqualTo(4096);
                assertThat(buffer.getByte(0)).isEqualTo((byte) 3);
                Libc.close(fd);
            }
        }
    }

    @Test
    void aWindowOfAFileIsNotReadDirectly() throws Exception {
        fixture.driver.setPassthrough(FuseSwitch.ON);
        BlockNode window = raw("n", ", 'size': 65536");
        assertThat(window.hostFileNode()).isNull();
        assertThat(raw("o", ", 'offset': 4096").hostFileNode()).isNull();
        assertThat(readsTheFileItself("e", window, "", Libc.O_RDONLY)).isFalse();
    }

    @Test
    void aWritableExportIsNotReadDirectly() throws Exception {
        fixture.driver.setPassthrough(FuseSwitch.ON);
        BlockNode node = fixture.nodes.add("{'driver': 'file', 'node-name': 'n', 'filename': '" + image + "'}");
        assertThat(readsTheFileItself("e", node, "'writable': true", Libc.O_RDONLY))
                .isFalse();
    }

    @Test
    void aFileThatEndsInsideASectorIsNotReadDirectly() throws Exception {
        Files.write(image, new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
        assertThat(readsTheFileItself("e", raw("n", ""), "", Libc.O_RDONLY)).isFalse();
    }

    @Test
    void whatAnOpenHandleShowsCannotChange() throws Exception {
        Path file = export("e", raw("n", ""), "");
        int fd = open(file, Libc.O_RDONLY);
        try {
            assertThatThrownBy(this::moveTheWindow)
                    .isInstanceOf(QapiException.class)
                    .hasMessageContaining("Node 'n' can't be changed while programs have its export open");
            assertThat(Libc.pread(fd, buffer.address(), 4096, 0)).isEqualTo(4096);
            assertThat(buffer.getByte(0)).isEqualTo((byte) 1);
        } finally {
            Libc.close(fd);
        }
        awaitMove();
        fd = open(file, Libc.O_RDONLY);
        try {
            assertThat(Libc.pread(fd, buffer.address(), 4096, 0)).isEqualTo(4096);
            assertThat(buffer.getByte(0)).isEqualTo((byte) 2);
        } finally {
            Libc.close(fd);
        }
    }

    private void moveTheWindow() {
        String file = requireNonNull(fixture.nodes.graph.find("n"))
                .children()
                .get(0)
                .node()
                .nodeName();
        fixture.nodes.graph.reopen(List.of(TestGraph.options(
                "{'driver': 'raw', 'node-name': 'n', 'read-only': true, 'offset': 4096, 'file': '" + file + "'}")));
    }

    /** RELEASE comes after close(2) has returned. */
    private void awaitMove() throws InterruptedException {
        for (int i = 0; i < 500; i++) {
            try {
                moveTheWindow();
                return;
            } catch (QapiException e) {
                Thread.sleep(10);
            }
        }
        throw new AssertionError("the handle was never given back");
    }

    @Test
    void writesOfOthersAreSeenAtOnce() throws Exception {
        int fd = open(export("e", raw("n", ""), ""), Libc.O_RDONLY);
        try {
            assertThat(Libc.pread(fd, buffer.address(), 4096, 0)).isEqualTo(4096);
            byte[] changed = Files.readAllBytes(image);
            changed[0] = 77;
            Files.write(image, changed);
            assertThat(Libc.pread(fd, buffer.address(), 4096, 0)).isEqualTo(4096);
            assertThat(buffer.getByte(0)).isEqualTo((byte) 77);
        } finally {
            Libc.close(fd);
        }
    }
}
