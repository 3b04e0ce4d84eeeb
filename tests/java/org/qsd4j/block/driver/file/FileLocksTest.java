package org.qsd4j.block.driver.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.qsd4j.block.Permission.ALL;
import static org.qsd4j.block.Permission.CONSISTENT_READ;
import static org.qsd4j.block.Permission.RESIZE;
import static org.qsd4j.block.Permission.WRITE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestGraph;
import org.qsd4j.testing.RealTools;

/** The locks on an image's bytes, and that QEMU's own programs and we see each other's. */
class FileLocksTest {
    @TempDir
    Path dir;

    private final TestGraph test = new TestGraph();
    private Path image = Path.of("");

    @BeforeEach
    void makeImage() throws Exception {
        image = dir.resolve("img");
        Files.write(image, new byte[65536]);
    }

    @AfterEach
    void close() {
        test.close();
    }

    private void makeQcow2() throws Exception {
        RealTools.Result result = RealTools.run("qemu-img", "create", "-f", "qcow2", image.toString(), "1M");
        assertThat(result.exitCode()).as(result.output()).isZero();
    }

    private BlockNode file(String more) {
        return test.add("{'driver':'file','node-name':'f','filename':'" + image + "'" + more + "}");
    }

    /** The locked bytes of the image, "100-101 203-203", as the kernel lists them. */
    private String lockedBytes() throws IOException {
        String inode = ":" + Files.getAttribute(image, "unix:ino") + " ";
        List<String> ranges = Files.readAllLines(Path.of("/proc/locks")).stream()
                .filter(line -> line.contains(inode) && line.contains("OFDLCK"))
                .map(line -> line.split(" +"))
                .map(fields -> fields[fields.length - 2] + "-" + fields[fields.length - 1])
                .sorted()
                .toList();
        return String.join(" ", ranges);
    }

    @Test
    void bareNodeHoldsNoLock() throws Exception {
        file("");
        assertThat(lockedBytes()).isEmpty();
    }

    @Test
    void locksFollowPermissions() throws Exception {
        BlockNode node = file("");
        BlockBackend backend = test.graph.newBackend(node, CONSISTENT_READ | WRITE | RESIZE, CONSISTENT_READ);
        assertThat(lockedBytes()).isEqualTo("100-101 103-103 201-203");
        backend.setPermissions(CONSISTENT_READ, ALL);
        assertThat(lockedBytes()).isEqualTo("100-100");
        backend.close();
        assertThat(lockedBytes()).isEmpty();
    }

    @Test
    void lockingOffTakesNone() throws Exception {
        test.graph.newBackend(file(",'locking':'off'"), ALL, 0);
        assertThat(lockedBytes()).isEmpty();
    }

    @Test
    void inactiveNodeTakesNone() throws Exception {
        test.graph.newBackend(file(",'active':false"), CONSISTENT_READ, 0);
        assertThat(lockedBytes()).isEmpty();
    }

    @Test
    void realProgramSeesOurWriteLock() throws Exception {
        test.graph.newBackend(file(""), CONSISTENT_READ | WRITE, CONSISTENT_READ);
        RealTools.Result result = RealTools.run("qemu-io", "-f", "raw", "-c", "write 0 4k", image.toString());
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output())
                .contains("Failed to get \"write\" lock")
                .contains("Is another process using the image [" + image + "]?");
    }

    @Test
    void realProgramReadsWhatWeWriteOnlyWithForceShare() throws Exception {
        makeQcow2();
        test.graph.newBackend(file(""), CONSISTENT_READ | WRITE, CONSISTENT_READ);
        assertThat(RealTools.run("qemu-img", "info", image.toString()).output())
                .contains("Failed to get shared \"write\" lock");
        assertThat(RealTools.run("qemu-img", "info", "-U", image.toString()).exitCode())
                .isZero();
    }

    @Test
    void weSeeRealProgramsLocks() throws Exception {
        Process writer = RealTools.start("qemu-io", "-f", "raw", image.toString());
        try {
            while (!lockedBytes().contains("101")) {
                assertThat(writer.isAlive()).isTrue();
                TimeUnit.MILLISECONDS.sleep(10);
            }
            BlockNode node = file("");
            assertThatThrownBy(() -> test.graph.newBackend(node, CONSISTENT_READ, CONSISTENT_READ))
                    .hasMessage("Failed to get shared \"write\" lock");
            test.graph.newBackend(node, CONSISTENT_READ, ALL).close();
        } finally {
            writer.destroy();
            writer.waitFor();
        }
        assertThat(lockedBytes()).isEmpty();
    }

    @Test
    void weSeeWhatRealProgramsDoNotShare() throws Exception {
        makeQcow2();
        Process writer = RealTools.start("qemu-io", "-f", "qcow2", image.toString());
        try {
            while (!lockedBytes().contains("203")) {
                assertThat(writer.isAlive()).isTrue();
                TimeUnit.MILLISECONDS.sleep(10);
            }
            BlockNode node = file("");
            assertThatThrownBy(() -> test.graph.newBackend(node, WRITE, ALL))
                    .hasMessage("Failed to get \"write\" lock");
            assertThat(node.children()).isEmpty();
        } finally {
            writer.destroy();
            writer.waitFor();
        }
    }

    @Test
    void twoNodesOfOneImageSeeEachOther() {
        test.graph.newBackend(file(""), CONSISTENT_READ | WRITE, CONSISTENT_READ);
        BlockNode other = test.add("{'driver':'file','node-name':'g','filename':'" + image + "'}");
        assertThatThrownBy(() -> test.graph.newBackend(other, WRITE, ALL)).hasMessage("Failed to get \"write\" lock");
    }
}
