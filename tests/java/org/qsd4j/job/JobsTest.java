package org.qsd4j.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockDrivers;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.JobInfo;
import org.qsd4j.qapi.gen.JobStatus;

/** Jobs work beside the loop, and get from it what they need of it even while it waits for them. */
@Timeout(30)
class JobsTest {
    private final MainLoop loop = new MainLoop();
    private final CountDownLatch mayGoOn = new CountDownLatch(1);
    private final List<String> statuses = new ArrayList<>();
    private final SlowDriver driver = new SlowDriver();
    private final BlockGraph graph = new BlockGraph(loop, new BlockDrivers(List.of(driver)), line -> {});
    private final Jobs jobs = new Jobs(loop, graph, this::note);

    private void note(QapiEvent event) {
        statuses.add(Objects.requireNonNull(event.data()).get("status").asText());
    }

    /** Its images take until they are told to go on, and then need the loop once more. */
    private final class SlowDriver implements BlockDriver {
        private RuntimeException failure = new IllegalStateException("not to be thrown");
        private boolean fails;
        private boolean failsAtOnce;

        @Override
        public String formatName() {
            return "file";
        }

        @Override
        public boolean supportsCreate() {
            return true;
        }

        @Override
        public Runnable create(BlockGraph graph, BlockdevCreateOptions options) {
            if (failsAtOnce) {
                throw failure;
            }
            return this::work;
        }

        private void work() {
            assertThat(loop.isInLoop()).isFalse();
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            graph.mainLoopCalls().run(loop::assertInLoop);
            if (fails) {
                throw failure;
            }
        }

        @Override
        public BlockNode open(OpenRequest request) {
            throw new UnsupportedOperationException();
        }
    }

    private void start() {
        jobs.startCreate(
                "j",
                BlockdevCreateOptions.visit(
                        new JsonInputVisitor(QapiJson.object()
                                .put("driver", "file")
                                .put("filename", "x")
                                .put("size", 0)),
                        null));
    }

    private JobInfo info() {
        return jobs.query().get(0);
    }

    private void awaitEnd() {
        mayGoOn.countDown();
        graph.mainLoopCalls().serveUntil(() -> info().status() == JobStatus.CONCLUDED);
    }

    @Test
    void theLoopIsFreeWhileAJobWorks() {
        start();
        assertThat(info().status()).isEqualTo(JobStatus.RUNNING);
        assertThat(info().currentProgress()).isZero();
        awaitEnd();
        assertThat(statuses).containsExactly("created", "running", "waiting", "pending", "concluded");
        assertThat(info().currentProgress()).isEqualTo(1);
    }

    @Test
    void whoeverEndsEverythingWaitsForJobsThatNeedTheLoop() {
        start();
        mayGoOn.countDown();
        jobs.cancelAll();
        assertThat(jobs.query()).isEmpty();
        assertThat(statuses).containsExactly("created", "running", "aborting", "concluded", "null");
    }

    @Test
    void whatFailsAfterACancellationSaysWhy() {
        driver.fails = true;
        driver.failure = QapiException.generic("No room");
        start();
        jobs.find("j").cancel();
        awaitEnd();
        assertThat(info().error()).isEqualTo("No room");
    }

    @Test
    void aMistakeInADriverIsTheJobsFailure() {
        driver.fails = true;
        driver.failure = new IllegalStateException("mistake");
        start();
        awaitEnd();
        assertThat(info().error()).contains("internal error").contains("mistake");
        jobs.dismiss("j");
        assertThatThrownBy(() -> jobs.dismiss("j")).hasMessage("Job not found");
    }

    @Test
    void aMistakeBeforeTheWorkBeginsIsTheJobsFailureToo() {
        driver.failsAtOnce = true;
        driver.failure = new IllegalStateException("mistake");
        start();
        assertThat(info().status()).isEqualTo(JobStatus.CONCLUDED);
        assertThat(info().error()).contains("internal error").contains("mistake");
    }
}
