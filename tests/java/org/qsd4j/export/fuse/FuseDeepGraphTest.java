package org.qsd4j.export.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.Requirements;

/** Requests run to completion on the queue's stack, however many nodes are below. */
class FuseDeepGraphTest {
    private static final int NODES = 1000;
    private static final int SIZE = 4096;

    @TempDir
    Path dir;

    @Test
    void aThousandNodesOnTopOfEachOtherCanBeRead() throws Exception {
        Requirements.fuse();
        try (FuseFixture fixture = new FuseFixture(dir)) {
            fixture.node("n0", SIZE);
            for (int i = 1; i < NODES; i++) {
                fixture.nodes.add("{'driver':'raw','node-name':'n" + i + "','file':'n" + (i - 1) + "'}");
            }
            Path mountpoint = Files.createFile(dir.resolve("m"));
            fixture.exports.add(FuseFixture.options("e", "n" + (NODES - 1), mountpoint, ""));
            assertThat(Files.readAllBytes(mountpoint)).isEqualTo(new byte[SIZE]);
            assertThat(fixture.errors).isEmpty();
        }
    }
}
