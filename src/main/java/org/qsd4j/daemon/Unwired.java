package org.qsd4j.daemon;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.ErrorClass;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockCreateCommands;
import org.qsd4j.qapi.gen.BlockExportRemoveMode;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.JobCommands;
import org.qsd4j.qapi.gen.JobInfo;
import org.qsd4j.qapi.gen.NbdCommands;
import org.qsd4j.qapi.gen.NbdServerAddOptions;
import org.qsd4j.qapi.gen.NbdServerOptionsLegacy;

/** Commands of modules whose engine has not landed: unknown, as far as clients are concerned. */
final class Unwired implements JobCommands, BlockCreateCommands, NbdCommands {
    private static QapiException unknown(String command) {
        return QapiException.of(ErrorClass.COMMAND_NOT_FOUND, "The command %s has not been found", command);
    }

    @Override
    public void jobDismiss(String id) {
        throw unknown("job-dismiss");
    }

    @Override
    public List<JobInfo> queryJobs() {
        throw unknown("query-jobs");
    }

    @Override
    public void blockdevCreate(String jobId, BlockdevCreateOptions options) {
        throw unknown("blockdev-create");
    }

    @Override
    public void nbdServerStart(NbdServerOptionsLegacy arg) {
        throw unknown("nbd-server-start");
    }

    @Override
    public void nbdServerAdd(NbdServerAddOptions arg) {
        throw unknown("nbd-server-add");
    }

    @Override
    public void nbdServerRemove(String name, @Nullable BlockExportRemoveMode mode) {
        throw unknown("nbd-server-remove");
    }

    @Override
    public void nbdServerStop() {
        throw unknown("nbd-server-stop");
    }
}
