package org.qsd4j.job;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.aio.MainLoopCalls;
import org.qsd4j.aio.MainThread;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.JobInfo;
import org.qsd4j.qapi.gen.JobStatus;
import org.qsd4j.qapi.gen.JobType;
import org.qsd4j.qapi.gen.QapiEvents;
import org.qsd4j.util.Identifier;

/** All jobs, the newest first. Each works on a thread of its own, so that the loop goes on meanwhile. */
@MainThread
public final class Jobs {
    private final MainLoop loop;
    private final BlockGraph graph;
    private final Consumer<QapiEvent> events;
    private final Deque<Job> jobs = new ArrayDeque<>();

    public Jobs(MainLoop loop, BlockGraph graph, Consumer<QapiEvent> events) {
        this.loop = loop;
        this.graph = graph;
        this.events = events;
    }

    /**
     * Starts a job that makes an image. QEMU: {@code qmp_blockdev_create}. As with the real daemon, what a protocol's driver
     * refuses at once is over before the command has been answered, and everything else comes after the answer.
     *
     * @throws QapiException if the id or the driver won't do
     */
    public void startCreate(String id, BlockdevCreateOptions options) {
        loop.assertInLoop();
        String name = options.driver().wireName();
        BlockDriver driver = graph.drivers().find(name);
        if (driver == null) {
            throw QapiException.generic("Block driver '%s' not found or not supported", name);
        }
        if (!driver.supportsCreate()) {
            throw QapiException.generic("Driver does not support blockdev-create");
        }
        Job job = add(id, JobType.CREATE);
        job.start();
        String failure = failureOf(() -> startThread(job, driver.create(graph, options)));
        if (failure != null) {
            job.conclude(failure);
        }
    }

    private void startThread(Job job, Runnable work) {
        Thread thread = new Thread(() -> work(job, work), "job " + job.id());
        thread.setDaemon(true);
        thread.start();
    }

    /** The job's thread. */
    private void work(Job job, Runnable work) {
        String failure = failureOf(work);
        graph.mainLoopCalls().post(() -> job.conclude(failure));
    }

    private static @Nullable String failureOf(Runnable work) {
        try {
            work.run();
            return null;
        } catch (QapiException e) {
            return e.desc();
        } catch (RuntimeException | Error e) {
            // Whatever it is, who started the job waits for its end.
            return "internal error: " + e;
        }
    }

    private Job add(String id, JobType type) {
        if (!Identifier.isWellFormed(id)) {
            throw QapiException.generic("Invalid job ID '%s'", id);
        }
        if (jobs.stream().anyMatch(job -> job.id().equals(id))) {
            throw QapiException.generic("Job ID '%s' already in use", id);
        }
        Job job = new Job(id, type, this::report);
        jobs.addFirst(job);
        return job;
    }

    private void report(String id, JobStatus status) {
        events.accept(QapiEvents.jobStatusChange(id, status));
    }

    /** @throws QapiException if there is none of that id */
    public Job find(String id) {
        loop.assertInLoop();
        for (Job job : jobs) {
            if (job.id().equals(id)) {
                return job;
            }
        }
        throw QapiException.generic("Job not found");
    }

    /** @throws QapiException if there is none of that id, or it hasn't concluded */
    public void dismiss(String id) {
        Job job = find(id);
        job.dismiss();
        jobs.remove(job);
    }

    /**
     * When everything ends: jobs at work are cancelled and waited for, those that have concluded go. QEMU: {@code
     * job_cancel_sync_all}.
     */
    public void cancelAll() {
        loop.assertInLoop();
        MainLoopCalls calls = graph.mainLoopCalls();
        while (!jobs.isEmpty()) {
            Job job = jobs.getFirst();
            if (!job.isConcluded()) {
                job.cancel();
                graph.expediteAll();
                calls.serveUntil(job::isConcluded);
            }
            job.dismiss();
            jobs.removeFirst();
        }
    }

    public List<JobInfo> query() {
        loop.assertInLoop();
        List<JobInfo> infos = new ArrayList<>();
        jobs.forEach(job -> infos.add(job.info()));
        return infos;
    }
}
