package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** Nodes that were suspended for a change that fails are resumed, each once, whatever else can't be undone. */
class SuspendTest {
    private static final List<String> NAMES = List.of("a", "b", "c");

    private final List<String> calls = new ArrayList<>();
    private String failsToSuspend = "";
    private String failsToResume = "";
    private boolean failsToReopen;
    private final TestGraph test = new TestGraph(new Driver());

    /** Takes the place of null-co; tells what is done to its nodes. */
    private final class Driver implements BlockDriver {
        @Override
        public String formatName() {
            return "null-co";
        }

        @Override
        public boolean isProtocol() {
            return true;
        }

        @Override
        public Set<String> mutableOptions() {
            return Set.of("size");
        }

        @Override
        public BlockNode open(OpenRequest request) {
            if (failsToReopen && request.nodeName().equals("b")) {
                throw QapiException.generic("cannot be reopened");
            }
            return new Node(request);
        }
    }

    private final class Node extends BlockNode {
        Node(OpenRequest request) {
            super(request);
        }

        @Override
        protected void doSuspend() {
            if (nodeName().equals(failsToSuspend)) {
                throw QapiException.generic("cannot be suspended");
            }
            calls.add("suspend " + nodeName());
        }

        @Override
        protected void doResume() {
            calls.add("resume " + nodeName());
            if (nodeName().equals(failsToResume)) {
                throw new IllegalStateException("cannot be resumed");
            }
        }

        @Override
        protected int doRead(long offset, NativeBuffer buffer, int at, int bytes) {
            return -Errno.EIO;
        }

        @Override
        protected void doClose() {}
    }

    @AfterEach
    void close() {
        test.close();
        assertThat(test.graph.nodes()).isEmpty();
    }

    private static String definition(String name, boolean readOnly) {
        return "{'driver':'null-co','node-name':'" + name + "','read-only':" + readOnly + "}";
    }

    private void addAll() {
        NAMES.forEach(name -> test.add(definition(name, false)));
    }

    private void reopenAll() {
        test.graph.reopen(NAMES.stream()
                .map(name -> TestGraph.options(definition(name, true)))
                .toList());
    }

    /** The last one suspended is the first one resumed. */
    private void requireAllResumed() {
        List<String> expected = new ArrayList<>();
        List<String> resumed = new ArrayList<>();
        for (String call : calls) {
            if (call.startsWith("suspend ")) {
                expected.add(0, call.replace("suspend ", "resume "));
            } else {
                resumed.add(call);
            }
        }
        assertThat(resumed).isEqualTo(expected);
        for (BlockNode node : test.graph.nodes()) {
            assertThat(node.isReadOnly()).as(node.nodeName()).isFalse();
        }
    }

    @Test
    void whereOneCannotBeSuspendedTheOthersAreResumed() {
        addAll();
        int most = 0;
        for (String name : NAMES) {
            failsToSuspend = name;
            calls.clear();
            assertThatThrownBy(this::reopenAll).hasMessage("cannot be suspended");
            requireAllResumed();
            most = Math.max(most, calls.size());
        }
        assertThat(most).isEqualTo(4);
    }

    @Test
    void whereOneCannotBeReopenedAllAreResumed() {
        addAll();
        failsToReopen = true;
        assertThatThrownBy(this::reopenAll).hasMessage("cannot be reopened");
        requireAllResumed();
        assertThat(calls).hasSize(6);
    }

    @Test
    void whatCannotBeUndoneKeepsNothingElseFromIt() {
        addAll();
        failsToReopen = true;
        for (String name : NAMES) {
            failsToResume = name;
            calls.clear();
            test.reports.clear();
            assertThatThrownBy(this::reopenAll).hasMessage("cannot be reopened");
            requireAllResumed();
            assertThat(calls).hasSize(6);
            assertThat(test.reports).containsExactly("A change that failed could not be taken back: cannot be resumed");
        }
    }
}
