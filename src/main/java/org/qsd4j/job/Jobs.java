package org.qsd4j.job;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.qsd4j.aio.MainLoop;
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

/** All jobs, the newest first. */
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
     * Starts a job that makes an image. QEMU: {@code qmp_blockdev_create}. It runs as a task of the loop of its own, after
     * the command has been answered.
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
        Runnable work = () -> driver.create(graph, options);
        if (!driver.isProtocol()) {
            loop.execute(() -> {
                job.work(work);
                job.conclude();
            });
        } else if (job.work(work)) {
            loop.execute(job::conclude);
        } else {
            // As with the real daemon: what fails at once is over before the command is answered.
            job.conclude();
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

    /** @throws QapiException if there is none of that id, or it hasn't concluded */
    public void dismiss(String id) {
        loop.assertInLoop();
        for (Job job : jobs) {
            if (job.id().equals(id)) {
                job.dismiss();
                jobs.remove(job);
                return;
            }
        }
        throw QapiException.generic("Job not found");
    }

    /** When everything ends: concluded jobs go. */
    public void dismissAll() {
        loop.assertInLoop();
        for (Job job : List.copyOf(jobs)) {
            if (job.status() == JobStatus.CONCLUDED) {
                job.dismiss();
                jobs.remove(job);
            }
        }
    }

    public List<JobInfo> query() {
        loop.assertInLoop();
        List<JobInfo> infos = new ArrayList<>();
        jobs.forEach(job -> infos.add(job.info()));
        return infos;
    }
}
