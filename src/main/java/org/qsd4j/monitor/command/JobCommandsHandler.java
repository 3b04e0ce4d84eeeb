package org.qsd4j.monitor.command;

import java.util.List;
import org.qsd4j.aio.MainThread;
import org.qsd4j.job.Jobs;
import org.qsd4j.qapi.gen.JobCommands;
import org.qsd4j.qapi.gen.JobInfo;

/** The commands of job.json. */
@MainThread
public final class JobCommandsHandler implements JobCommands {
    private final Jobs jobs;

    public JobCommandsHandler(Jobs jobs) {
        this.jobs = jobs;
    }

    @Override
    public void jobPause(String id) {
        jobs.find(id).pause();
    }

    @Override
    public void jobResume(String id) {
        jobs.find(id).resume();
    }

    @Override
    public void jobCancel(String id) {
        jobs.find(id).cancel();
    }

    @Override
    public void jobComplete(String id) {
        jobs.find(id).complete();
    }

    @Override
    public void jobDismiss(String id) {
        jobs.dismiss(id);
    }

    @Override
    public void jobFinalize(String id) {
        jobs.find(id).finalizeManually();
    }

    @Override
    public List<JobInfo> queryJobs() {
        return jobs.query();
    }
}
