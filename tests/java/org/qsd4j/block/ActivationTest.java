package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.driver.qcow2.Qcow2Driver;
import org.qsd4j.crypto.Passphrase;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;

/** Nodes that another program has for now, and that come back. */
class ActivationTest {
    @TempDir
    Path dir;

    private BlockNode add(TestGraph test, String file, String more) {
        return test.add("{'driver':'qcow2','node-name':'q','file':" + file + more + "}");
    }

    @Test
    void whereOneNodeCannotComeBackNoneDoes() throws Exception {
        Path image = dir.resolve("img");
        try (TestGraph other = new TestGraph(new Qcow2Driver(line -> {}, event -> {}, Passphrase.NONE));
                TestGraph test = new TestGraph(new Qcow2Driver(line -> {}, event -> {}, Passphrase.NONE))) {
            make(other, image);
            BlockNode file = test.add("{'driver':'file','node-name':'f','filename':'" + image + "','active':false}");
            BlockNode node = add(test, "'f'", ",'active':false");
            BlockNode theirs = add(other, "{'driver':'file','node-name':'g','filename':'" + image + "'}", "");
            assertThatThrownBy(() -> test.graph.activate(node)).hasMessage("Failed to get \"write\" lock");
            assertThat(List.of(node.flags().active(), file.flags().active())).containsExactly(false, false);
            other.graph.delete(theirs.nodeName());
            test.graph.activate(node);
            assertThat(List.of(node.flags().active(), file.flags().active())).containsExactly(true, true);
        }
    }

    private static void make(TestGraph test, Path image) throws Exception {
        Files.createFile(image);
        test.add("{'driver':'file','node-name':'new','filename':'" + image + "'}");
        new Qcow2Driver(line -> {}, event -> {}, Passphrase.NONE)
                .create(
                        test.graph,
                        BlockdevCreateOptions.visit(
                                new JsonInputVisitor(TestGraph.json("{'driver':'qcow2','file':'new','size':1048576}")),
                                null))
                .run();
        test.graph.delete("new");
    }
}
