package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.qsd4j.aio.IoThread;

/** Which moves to another iothread the graph allows: each answer is the real daemon's for exports of such nodes. */
class HomeThreadTest {
    private static final String REFUSAL = "Cannot change iothread of active block backend";

    private final TestGraph test = new TestGraph();
    private final BlockNode node = test.add("{'driver':'null-co','node-name':'n'}");
    private final IoThread t0 = new IoThread("t0");
    private final IoThread t1 = new IoThread("t1");

    @AfterEach
    void close() {
        test.close();
    }

    private BlockBackend fixed(IoThread thread, BlockNode on) {
        test.graph.moveTo(thread, on);
        BlockBackend backend = test.reader(on);
        backend.setThreadFixed(true);
        return backend;
    }

    @Test
    void aFixedUserKeepsItsNodeFromMoving() {
        BlockBackend user = fixed(t0, node);
        test.graph.moveTo(t0, node);
        assertThatThrownBy(() -> test.graph.moveTo(t1, node)).hasMessage(REFUSAL);
        user.close();
        test.graph.moveTo(t1, node);
    }

    @Test
    void aUserThatIsNotFixedMovesAlong() {
        test.graph.moveTo(t0, node);
        test.reader(node);
        fixed(t1, node);
        assertThatThrownBy(() -> test.graph.moveTo(t0, node)).hasMessage(REFUSAL);
    }

    @Test
    void connectedNodesMoveTogether() {
        fixed(t0, node);
        BlockNode above = test.add("{'driver':'raw','node-name':'r','file':'n'}");
        test.graph.moveTo(t0, above);
        assertThatThrownBy(() -> test.graph.moveTo(t1, above)).hasMessage(REFUSAL);
    }

    @Test
    void theLeavingUserSendsTheNodeToTheMainLoop() {
        test.graph.moveTo(t0, node);
        test.reader(node).close();
        test.reader(node).setThreadFixed(true);
        assertThatThrownBy(() -> test.graph.moveTo(t0, node)).hasMessage(REFUSAL);
    }

    @Test
    void aRefusedMoveHarmsNobody() {
        BlockBackend user = fixed(t0, node);
        assertThatThrownBy(() -> test.graph.moveTo(t1, node)).hasMessage(REFUSAL);
        assertThatCode(() -> test.graph.moveTo(t0, node)).doesNotThrowAnyException();
        user.close();
    }
}
