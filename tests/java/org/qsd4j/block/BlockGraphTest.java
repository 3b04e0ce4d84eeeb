package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockGraphTest {
    @TempDir
    Path dir;

    private TestGraph test = new TestGraph();

    @BeforeEach
    void image() throws Exception {
        Files.write(dir.resolve("img"), new byte[8192]);
    }

    @AfterEach
    void close() {
        test.close();
        assertThat(test.graph.nodes()).isEmpty();
        assertThat(test.reports).isEmpty();
    }

    private String file() {
        return "{'driver':'file','filename':'" + dir.resolve("img") + "'}";
    }

    private void fails(String json, String message) {
        int before = test.graph.nodes().size();
        assertThatThrownBy(() -> test.add(json)).hasMessage(message);
        assertThat(test.graph.nodes()).hasSize(before);
    }

    @Test
    void formatIsListedBeforeItsFile() {
        test.add("{'driver':'raw','node-name':'fmt','file':" + file() + "}");
        assertThat(test.graph.nodes())
                .extracting(BlockNode::nodeName)
                .satisfiesExactly(
                        name -> assertThat(name).isEqualTo("fmt"),
                        name -> assertThat(name).matches("#block0[0-9][0-9]"));
    }

    @Test
    void newestNodeIsListedFirst() {
        test.add("{'driver':'null-co','node-name':'a'}");
        test.add("{'driver':'null-co','node-name':'b'}");
        assertThat(test.graph.nodes()).extracting(BlockNode::nodeName).containsExactly("b", "a");
    }

    @Test
    void rootNeedsName() {
        fails("{'driver':'null-co'}", "'node-name' must be specified for the root node");
    }

    @Test
    void nodeNamesAreChecked() {
        fails("{'driver':'null-co','node-name':''}", "Invalid node-name: ''");
        fails("{'driver':'null-co','node-name':'1a'}", "Invalid node-name: '1a'");
        fails("{'driver':'null-co','node-name':'a1234567890123456789012345678901'}", "Node name too long");
        test.add("{'driver':'null-co','node-name':'a123456789012345678901234567890'}");
        fails(
                "{'driver':'null-co','node-name':'a123456789012345678901234567890'}",
                "Duplicate nodes with node-name='a123456789012345678901234567890'");
    }

    @Test
    void duplicateNameLeavesNoChildBehind() {
        test.add("{'driver':'null-co','node-name':'n'}");
        fails("{'driver':'raw','node-name':'n','file':" + file() + "}", "Duplicate nodes with node-name='n'");
    }

    @Test
    void unknownReferenceFails() {
        fails("{'driver':'raw','node-name':'r','file':'x'}", "Cannot find device='x' nor node-name='x'");
    }

    @Test
    void nodeInUseByAnotherIsNotDeleted() {
        test.add("{'driver':'null-co','node-name':'n'}");
        test.add("{'driver':'raw','node-name':'r','file':'n'}");
        assertThatThrownBy(() -> test.graph.delete("n")).hasMessage("Block device n is in use");
        test.graph.delete("r");
        test.graph.delete("n");
    }

    @Test
    void nodeInUseByBackendIsNotDeleted() {
        BlockNode node = test.add("{'driver':'null-co','node-name':'n'}");
        BlockBackend backend = test.reader(node);
        assertThatThrownBy(() -> test.graph.delete("n")).hasMessage("Node n is in use");
        backend.close();
        test.graph.delete("n");
    }

    @Test
    void implicitNodeIsNotTheMonitors() {
        test.add("{'driver':'raw','node-name':'r','file':{'driver':'null-co','node-name':'inner'}}");
        assertThatThrownBy(() -> test.graph.delete("inner")).hasMessage("Node inner is not owned by the monitor");
        assertThatThrownBy(() -> test.graph.delete("absent")).hasMessage("Failed to find node with node-name='absent'");
    }

    @Test
    void flagsExcludeEachOther() {
        fails(
                "{'driver':'null-co','node-name':'n','force-share':true}",
                "force-share=on can only be used with read-only images");
        fails(
                "{'driver':'null-co','node-name':'n','detect-zeroes':'unmap'}",
                "setting detect-zeroes to unmap is not allowed without setting discard operation to unmap");
    }
}
