package org.qsd4j.job;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.JobInfo;
import org.qsd4j.qapi.gen.JobStatus;
import org.qsd4j.qapi.gen.JobType;
import org.qsd4j.sys.Errno;

/**
 * One job, from created to null. QEMU: {@code Job}. It concludes by itself and then waits to be dismissed; every change of
 * its status is an event. Its work knows of no place to stand still at: a pause is noted, a cancellation shows in how it
 * ends.
 */
@MainThread
public final class Job {
    /** What can be asked of a job, and in which states. QEMU: {@code JobVerbTable}. */
    private enum Verb {
        CANCEL(EnumSet.of(
                JobStatus.CREATED,
                JobStatus.RUNNING,
                JobStatus.PAUSED,
                JobStatus.READY,
                JobStatus.STANDBY,
                JobStatus.WAITING,
                JobStatus.PENDING)),
        PAUSE(EnumSet.of(JobStatus.CREATED, JobStatus.RUNNING, JobStatus.PAUSED, JobStatus.READY, JobStatus.STANDBY)),
        RESUME(PAUSE.states),
        COMPLETE(EnumSet.of(JobStatus.READY)),
        FINALIZE(EnumSet.of(JobStatus.PENDING)),
        DISMISS(EnumSet.of(JobStatus.CONCLUDED));

        @SuppressWarnings("ImmutableEnumChecker") // nobody changes it
        private final Set<JobStatus> states;

        Verb(Set<JobStatus> states) {
            this.states = states;
        }
    }

    private final String id;
    private final JobType type;
    private final BiConsumer<String, JobStatus> events;
    private JobStatus status = JobStatus.UNDEFINED;
    private @Nullable String error;
    private long currentProgress;
    private long totalProgress;
    private boolean userPaused;
    private boolean cancelled;

    Job(String id, JobType type, BiConsumer<String, JobStatus> events) {
        this.id = id;
        this.type = type;
        this.events = events;
    }

    public String id() {
        return id;
    }

    boolean isConcluded() {
        return status == JobStatus.CONCLUDED;
    }

    void start() {
        enter(JobStatus.CREATED);
        enter(JobStatus.RUNNING);
        totalProgress = 1;
    }

    /** @param failure why the work failed, or null; what was cancelled has failed even if all of it was done */
    void conclude(@Nullable String failure) {
        currentProgress = totalProgress;
        error = failure != null || !cancelled ? failure : Errno.message(Errno.ECANCELED);
        if (error == null) {
            enter(JobStatus.WAITING);
            enter(JobStatus.PENDING);
        } else {
            enter(JobStatus.ABORTING);
        }
        enter(JobStatus.CONCLUDED);
    }

    /** @throws QapiException unless it is to pause for the first time */
    public void pause() {
        require(Verb.PAUSE);
        if (userPaused) {
            throw QapiException.generic("Job is already paused");
        }
        userPaused = true;
    }

    /** @throws QapiException unless it was to pause */
    public void resume() {
        if (!userPaused) {
            throw QapiException.generic("Can't resume a job that was not paused");
        }
        require(Verb.RESUME);
        userPaused = false;
    }

    /** It ends as soon as its work does. @throws QapiException if it has concluded */
    public void cancel() {
        require(Verb.CANCEL);
        cancelled = true;
        // Whoever is cancelled stands still no longer.
        userPaused = false;
    }

    /** @throws QapiException always: no job so far has a second phase */
    public void complete() {
        require(Verb.COMPLETE);
    }

    /** @throws QapiException always: jobs finalize by themselves */
    public void finalizeManually() {
        require(Verb.FINALIZE);
    }

    /** @throws QapiException unless the job has concluded */
    void dismiss() {
        require(Verb.DISMISS);
        enter(JobStatus.NULL);
    }

    private void require(Verb verb) {
        if (!verb.states.contains(status)) {
            throw QapiException.generic(
                    "Job '%s' in state '%s' cannot accept command verb '%s'",
                    id, status.wireName(), verb.name().toLowerCase(Locale.ROOT));
        }
    }

    private void enter(JobStatus next) {
        status = next;
        events.accept(id, next);
    }

    JobInfo info() {
        return new JobInfo(id, type, status, currentProgress, totalProgress, error);
    }
}
