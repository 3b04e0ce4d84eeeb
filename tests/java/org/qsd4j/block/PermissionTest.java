package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.qsd4j.block.Permission.ALL;
import static org.qsd4j.block.Permission.CONSISTENT_READ;
import static org.qsd4j.block.Permission.RESIZE;
import static org.qsd4j.block.Permission.WRITE;
import static org.qsd4j.block.Permission.WRITE_UNCHANGED;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

class PermissionTest {
    private final TestGraph test = new TestGraph();

    @AfterEach
    void close() {
        test.close();
    }

    private BlockNode node(String more) {
        return test.add("{'driver':'null-co','node-name':'n'" + more + "}");
    }

    /** First user's permissions and shares, the second's, and what the second is refused for (none if it isn't). */
    @ParameterizedTest
    @CsvSource({
        "15, 15, 15, 15, ",
        "1, 15, 2, 15, ",
        "1, 1, 1, 1, ",
        "2, 15, 1, 13, 'write' are both required by an old user and unshared by a new user",
        "10, 15, 1, 5, 'write, resize' are both required by an old user and unshared by a new user",
        "0, 1, 2, 15, 'write' are both required by a new user and unshared by an old user",
        "0, 0, 15, 15, 'consistent read, write, write unchanged, resize' are both required by a new user and"
                + " unshared by an old user",
        "4, 15, 0, 11, 'write unchanged' are both required by an old user and unshared by a new user",
        "2, 1, 2, 1, 'write' are both required by an old user and unshared by a new user",
    })
    void usersConflictIfOneWantsWhatTheOtherDoesNotShare(
            int perm1, int shared1, int perm2, int shared2, String reason) {
        BlockNode node = node("");
        test.graph.newBackend(node, perm1, shared1, "an old user");
        if (reason == null) {
            test.graph.newBackend(node, perm2, shared2, "a new user");
            return;
        }
        assertThatThrownBy(() -> test.graph.newBackend(node, perm2, shared2, "a new user"))
                .isInstanceOf(QapiException.class)
                .hasMessage("Permission conflict on node 'n': permissions "
                        + reason.replace(" user and", " user (uses node 'n' as 'root' child) and")
                        + " (uses node 'n' as 'root' child).");
        assertThat(test.graph.backends()).hasSize(1);
    }

    /** Without the other one's right to resize, QEMU would not let the one who stays write here; it does let the other go. */
    @Test
    void aUserCanLeaveThoughTheOneWhoStaysCouldNotComeAnyMore() {
        StrictMemoryDriver driver = new StrictMemoryDriver(4096 + 512);
        driver.demanded.requestAlignment = 4096;
        try (TestGraph unaligned = new TestGraph(driver)) {
            BlockNode node = unaligned.add("{'driver':'null-co','node-name':'n'}");
            BlockBackend resizer = unaligned.graph.newBackend(node, WRITE | RESIZE, ALL);
            BlockBackend writer = unaligned.graph.newBackend(node, WRITE, ALL);
            resizer.close();
            assertThat(writer.write(0, NativeBuffer.allocate(4096), 0, 4096, 0)).isZero();
            writer.close();
            unaligned.graph.delete("n");
        }
    }

    @Test
    void windowOfRawFileForbidsResizing() {
        BlockNode node = node("");
        test.writer(node);
        assertThatThrownBy(() -> test.add("{'driver':'raw','node-name':'r','file':'n','offset':512}"))
                .hasMessage(
                        "Permission conflict on node 'n': permissions 'resize' are both required by an unnamed block"
                                + " device (uses node 'n' as 'root' child) and unshared by node 'r' (uses node 'n' as 'file'"
                                + " child).");
        assertThat(test.graph.find("r")).isNull();
        assertThat(test.add("{'driver':'raw','node-name':'r','file':'n'}")).isNotNull();
    }

    @Test
    void readOnlyNodeHasNoWriters() {
        BlockNode node = node(",'read-only':true");
        assertThatThrownBy(() -> test.graph.newBackend(node, WRITE, ALL)).hasMessage("Block node is read-only");
        assertThatThrownBy(() -> test.graph.newBackend(node, WRITE_UNCHANGED, ALL))
                .hasMessage("Block node is read-only");
        assertThat(test.graph.newBackend(node, CONSISTENT_READ | RESIZE, ALL)).isNotNull();
    }

    @Test
    void readOnlyNodeBelowRefusesWritersAbove() {
        node(",'read-only':true");
        BlockNode raw = test.add("{'driver':'raw','node-name':'r','file':'n'}");
        assertThatThrownBy(() -> test.graph.newBackend(raw, WRITE, ALL)).hasMessage("Block node is read-only");
        assertThat(raw.state().parents).isEmpty();
    }

    @Test
    void inactiveNodeHasNoWriters() {
        BlockNode node = node(",'active':false");
        assertThatThrownBy(() -> test.graph.newBackend(node, RESIZE, ALL))
                .hasMessage("Permission 'resize' unavailable on inactive node");
        assertThatThrownBy(() -> test.add("{'driver':'raw','node-name':'r','file':'n'}"))
                .hasMessage("Inactive 'n' can't be a file child of active 'r'");
        assertThat(node.isReadOnly()).isFalse();
        assertThat(node.write(0, NativeBuffer.allocate(512), 0, 512, 0)).isEqualTo(-Errno.EPERM);
        BlockBackend writer = test.writer(test.graph.activate(node));
        assertThat(writer.write(0, NativeBuffer.allocate(512), 0, 512, 0)).isZero();
    }

    @Test
    void changeThatConflictsLeavesTheOldPermissions() {
        BlockNode node = node("");
        BlockBackend reader = test.graph.newBackend(node, CONSISTENT_READ, CONSISTENT_READ);
        BlockBackend other = test.graph.newBackend(node, CONSISTENT_READ, ALL);
        assertThatThrownBy(() -> other.setPermissions(CONSISTENT_READ | WRITE, ALL))
                .isInstanceOf(QapiException.class);
        assertThat(other.permissions()).isEqualTo(new Permissions(CONSISTENT_READ, ALL));
        reader.close();
        other.setPermissions(CONSISTENT_READ | WRITE, ALL);
        assertThat(other.permissions()).isEqualTo(new Permissions(CONSISTENT_READ | WRITE, ALL));
    }
}
