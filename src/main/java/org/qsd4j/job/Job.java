package org.qsd4j.job;

import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.JobInfo;
import org.qsd4j.qapi.gen.JobStatus;
import org.qsd4j.qapi.gen.JobType;

/**
 * One job, from created to null. QEMU: {@code Job}. It concludes by itself and then waits to be dismissed; every change of
 * its status is an event.
 */
@MainThread
public final class Job {
    private final String id;
    private final JobType type;
    private final BiConsumer<String, JobStatus> events;
    private JobStatus status = JobStatus.UNDEFINED;
    private @Nullable String error;
    private long currentProgress;
    private long totalProgress;

    Job(String id, JobType type, BiConsumer<String, JobStatus> events) {
        this.id = id;
        this.type = type;
        this.events = events;
    }

    public String id() {
        return id;
    }

    JobStatus status() {
        return status;
    }

    void start() {
        enter(JobStatus.CREATED);
        enter(JobStatus.RUNNING);
        totalProgress = 1;
    }

    /** Does the work; whether that went well is known until {@link #conclude}. */
    boolean work(Runnable work) {
        try {
            work.run();
        } catch (QapiException e) {
            error = e.desc();
        }
        return error == null;
    }

    void conclude() {
        currentProgress = totalProgress;
        if (error == null) {
            enter(JobStatus.WAITING);
            enter(JobStatus.PENDING);
        } else {
            enter(JobStatus.ABORTING);
        }
        enter(JobStatus.CONCLUDED);
    }

    /** @throws QapiException unless the job has concluded */
    void dismiss() {
        if (status != JobStatus.CONCLUDED) {
            throw QapiException.generic(
                    "Job '%s' in state '%s' cannot accept command verb 'dismiss'", id, status.wireName());
        }
        enter(JobStatus.NULL);
    }

    private void enter(JobStatus next) {
        status = next;
        events.accept(id, next);
    }

    JobInfo info() {
        return new JobInfo(id, type, status, currentProgress, totalProgress, error);
    }
}
