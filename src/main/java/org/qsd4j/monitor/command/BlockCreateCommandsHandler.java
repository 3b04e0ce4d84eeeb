package org.qsd4j.monitor.command;

import org.qsd4j.aio.MainThread;
import org.qsd4j.job.Jobs;
import org.qsd4j.qapi.gen.BlockCreateCommands;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;

/** The commands of block-create.json. */
@MainThread
public final class BlockCreateCommandsHandler implements BlockCreateCommands {
    private final Jobs jobs;

    public BlockCreateCommandsHandler(Jobs jobs) {
        this.jobs = jobs;
    }

    @Override
    public void blockdevCreate(String jobId, BlockdevCreateOptions options) {
        jobs.startCreate(jobId, options);
    }
}
