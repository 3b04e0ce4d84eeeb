package org.qsd4j.export.fuse;

import java.lang.ref.Reference;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.ChildProcess;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.FdChannel;
import org.qsd4j.sys.FileSystems;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.sys.SysException;

/**
 * A mounted file: mount(2) for the privileged, fusermount3 (or fusermount) for everybody else. It lives until {@link
 * #unmount}, whoever holds the descriptors. {@link #unmount} may be called on any thread.
 */
@MainThread
final class FuseMount {
    private static final String DEVICE = "/dev/fuse";
    private static final String MOUNT_FAILED = "Failed to mount FUSE session to export";
    private static final List<String> MOUNT_PROGRAMS = List.of("fusermount3", "fusermount");
    private static final int FLAGS = FileSystems.MS_NOSUID | FileSystems.MS_NODEV | FileSystems.MS_NOATIME;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;

    /** _IOR(229, 0, uint32_t). */
    private static final long FUSE_DEV_IOC_CLONE = 0x8004_e500L;

    private final String path;
    private final int fd;
    private final long device;

    private FuseMount(String path, int fd) {
        this.path = path;
        this.fd = fd;
        this.device = FileSystems.device(path);
    }

    /**
     * Mounts over a regular file.
     *
     * @param path absolute, so that it can be unmounted from whatever directory
     * @param maxBytes of a READ
     * @param errors gets what the user ought to know beyond the exception's text, a line each
     */
    static FuseMount mount(String path, boolean writable, boolean allowOther, int maxBytes, Consumer<String> errors) {
        return new FuseMount(path, mount(path, writable, allowOther, maxBytes, errors, false));
    }

    /** As {@link #mount} with other users allowed; null, and no word about it, if that can't be had. */
    static @Nullable FuseMount tryMountForOthers(String path, boolean writable, int maxBytes) {
        try {
            return new FuseMount(path, mount(path, writable, true, maxBytes, line -> {}, true));
        } catch (QapiException e) {
            return null;
        }
    }

    private static int mount(
            String path, boolean writable, boolean allowOther, int maxBytes, Consumer<String> errors, boolean quiet) {
        String options = "max_read=" + maxBytes + ",default_permissions" + (allowOther ? ",allow_other" : "");
        int fd = openDevice();
        if (fd < 0) {
            errors.accept(
                    fd == -Errno.ENOENT || fd == -Errno.ENODEV
                            ? "fuse: device not found, try 'modprobe fuse' first"
                            : "fuse: failed to open " + DEVICE + ": " + Errno.message(-fd));
            throw QapiException.generic(MOUNT_FAILED);
        }
        String data = options + ",fd=" + fd + ",rootmode=" + Integer.toOctalString(FileSystems.S_IFREG) + ",user_id="
                + FileSystems.effectiveUid() + ",group_id=" + FileSystems.effectiveGid();
        int result = FileSystems.mount(DEVICE, path, "fuse", FLAGS | (writable ? 0 : FileSystems.MS_RDONLY), data);
        if (result < 0) {
            Libc.close(fd);
            if (result != -Errno.EPERM) {
                errors.accept("fuse: mount failed: " + Errno.message(-result));
                throw QapiException.generic(MOUNT_FAILED);
            }
            return mountWithProgram(path, (writable ? "rw" : "ro") + ",nosuid,nodev,noatime," + options, errors, quiet);
        }
        return fd;
    }

    private static int openDevice() {
        return Libc.open(DEVICE, Libc.O_RDWR | Libc.O_CLOEXEC | Libc.O_NONBLOCK, 0);
    }

    private static int mountWithProgram(String path, String options, Consumer<String> errors, boolean quiet) {
        for (String program : MOUNT_PROGRAMS) {
            try (FdChannel channel = FdChannel.open()) {
                ChildProcess child = ChildProcess.spawn(
                        List.of(program, "-o", options, "--", path),
                        Map.of("_FUSE_COMMFD", Integer.toString(ChildProcess.INHERITED_FD)),
                        channel.theirs(),
                        quiet);
                channel.closeTheirs();
                int fd = channel.receive();
                child.await();
                if (fd >= 0) {
                    Libc.fcntl(fd, F_SETFL, Libc.fcntl(fd, F_GETFL, 0) | Libc.O_NONBLOCK);
                    return fd;
                }
                break;
            } catch (SysException e) {
                if (e.errno() != Errno.ENOENT) {
                    errors.accept("fuse: failed to run " + e.text());
                    break;
                }
                if (program.equals(MOUNT_PROGRAMS.get(MOUNT_PROGRAMS.size() - 1))) {
                    errors.accept(
                            "fuse: only root can mount without fusermount3, which is not installed (package fuse3)");
                }
            }
        }
        throw QapiException.generic(MOUNT_FAILED);
    }

    /** The first descriptor of the connection. Whoever runs the first queue owns it. */
    int fd() {
        return fd;
    }

    /** One more descriptor of the same connection, the caller's. */
    int cloneFd() {
        NativeBuffer source = NativeBuffer.allocate(Integer.BYTES);
        source.putInt(0, fd);
        int clone = openDevice();
        if (clone < 0) {
            throw QapiException.fromErrno(clone, "Failed to open " + DEVICE);
        }
        int result;
        try {
            result = Libc.ioctl(clone, FUSE_DEV_IOC_CLONE, source.address());
        } finally {
            Reference.reachabilityFence(source);
        }
        if (result < 0) {
            Libc.close(clone);
            throw QapiException.fromErrno(result, "Failed to clone FUSE FD");
        }
        return clone;
    }

    /**
     * Takes the file away from the path; programs that have it open keep it until the last descriptor closes. Nothing
     * happens if something else is there by now.
     */
    void unmount() {
        if (FileSystems.device(path) != device) {
            return;
        }
        int result = FileSystems.umount(path, FileSystems.MNT_DETACH | FileSystems.UMOUNT_NOFOLLOW);
        if (result == -Errno.EPERM) {
            unmountWithProgram();
        }
    }

    /**
     * As {@link #unmount}, and programs that have it open are refused from now on, without the queues' ending: a ring that
     * ends while requests still come would have them fail with ECANCELED. Not for the unprivileged, who get {@link #unmount}.
     */
    void unmountAndAbort() {
        if (FileSystems.device(path) != device) {
            return;
        }
        // If nobody has it open, what was written through mmap comes back first; an abort would lose it.
        int result = FileSystems.umount(path, FileSystems.UMOUNT_NOFOLLOW);
        if (result == -Errno.EBUSY) {
            int flags = FileSystems.MNT_FORCE | FileSystems.MNT_DETACH | FileSystems.UMOUNT_NOFOLLOW;
            result = FileSystems.umount(path, flags);
        }
        if (result < 0) {
            unmount();
        }
    }

    /** Unmounts and closes the descriptor, which no queue has got yet. */
    void abandon() {
        unmount();
        Libc.close(fd);
    }

    private void unmountWithProgram() {
        for (String program : MOUNT_PROGRAMS) {
            try {
                ChildProcess.spawn(List.of(program, "-u", "-q", "-z", "--", path), Map.of(), -1, false)
                        .await();
                return;
            } catch (SysException e) {
                // The next one may be there.
            }
        }
    }
}
