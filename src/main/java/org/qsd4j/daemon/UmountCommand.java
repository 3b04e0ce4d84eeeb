package org.qsd4j.daemon;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.ChildProcess;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.FileSystems;

/** Ends what {@link MountCommand} began. */
final class UmountCommand implements Subcommand {
    @Override
    public String name() {
        return "umount";
    }

    @Override
    public String synopsis() {
        return "MOUNTPOINT";
    }

    @Override
    public String summary() {
        return "end a mount; the command that made it ends, too";
    }

    @Override
    public List<Option> options() {
        return List.of();
    }

    @Override
    public int run(Tool tool, ToolArguments arguments) throws Exception {
        if (arguments.operands().size() != 1) {
            throw new UsageException("a mountpoint is needed");
        }
        String given = arguments.operands().get(0);
        String path = Path.of(given).toAbsolutePath().normalize().toString();
        int result = FileSystems.umount(path, FileSystems.UMOUNT_NOFOLLOW);
        if (result == -Errno.EPERM) {
            return ChildProcess.spawn(List.of("fusermount3", "-u", "--", path), Map.of(), -1, false)
                    .await();
        }
        if (result == -Errno.EINVAL) {
            throw QapiException.generic("nothing is mounted at '%s'", given);
        }
        if (result == -Errno.EBUSY) {
            throw QapiException.generic("'%s' is still open in some program", given);
        }
        if (result < 0) {
            throw QapiException.fromErrno(result, "cannot unmount '%s'", given);
        }
        return 0;
    }
}
