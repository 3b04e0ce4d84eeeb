package org.qsd4j.export.fuse;

import java.io.File;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.block.Permission;
import org.qsd4j.export.BlockExport;
import org.qsd4j.export.BlockExportDriver;
import org.qsd4j.export.BlockExportSetup;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockExportOptionsFuse;
import org.qsd4j.qapi.gen.BlockExportType;
import org.qsd4j.qapi.gen.FuseExportAllowOther;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.FileSystems;
import org.qsd4j.sys.SysException;

/** Makes FUSE exports, and knows where they are mounted. */
@MainThread
public final class FuseExportDriver implements BlockExportDriver {
    private final Consumer<String> errors;
    private volatile Consumer<String> unmounted = id -> {};

    /** Canonical paths. Main loop only. */
    private final Set<String> mountpoints = new HashSet<>();

    private FuseSwitch ioUring = FuseSwitch.AUTO;

    private FuseSwitch passthrough = FuseSwitch.OFF;

    /** Written by the leaders of exports and the main loop. */
    private final AtomicInteger exportsWithRings = new AtomicInteger();

    /** 0: as the kernel wants it. */
    private int ringPayloadBytes;

    /** @param errors gets lines for the daemon's standard error; any thread */
    public FuseExportDriver(Consumer<String> errors) {
        this.errors = errors;
    }

    /** @param listener gets the id of an export that somebody else has unmounted; any thread */
    public void onUnmounted(Consumer<String> listener) {
        unmounted = listener;
    }

    /** Whether exports made from now on are served over io_uring instead of /dev/fuse. */
    public void setIoUring(FuseSwitch wanted) {
        ioUring = wanted;
    }

    /** Whether programs read the image's own file, on exports made from now on for which that is the same. */
    public void setPassthrough(FuseSwitch wanted) {
        passthrough = wanted;
    }

    /** For tests: the kernel refuses rings whose entries are too small. */
    void setRingPayloadBytes(int bytes) {
        ringPayloadBytes = bytes;
    }

    private FuseTuning tuning() {
        FuseTuning tuning = FuseTuning.of(ioUring, passthrough);
        return ringPayloadBytes == 0
                ? tuning
                : new FuseTuning(ioUring, passthrough, tuning.maxBytes(), ringPayloadBytes);
    }

    @ThreadSafe
    int exportsWithRings() {
        return exportsWithRings.get();
    }

    @ThreadSafe
    void countRings(int change) {
        exportsWithRings.addAndGet(change);
    }

    @ThreadSafe
    void unmounted(String id) {
        unmounted.accept(id);
    }

    @Override
    public BlockExportType type() {
        return BlockExportType.FUSE;
    }

    /** Truncation works on every writable export, and growing on every growable one. */
    @Override
    public int extraPermissions(BlockExportOptions options) {
        BlockExportOptionsFuse fuse = ((BlockExportOptions.Fuse) options).u();
        return isTrue(options.writable()) || isTrue(fuse.growable()) ? Permission.RESIZE : 0;
    }

    @Override
    public BlockExport create(BlockExportSetup setup, BlockExportOptions options) {
        BlockExportOptionsFuse fuse = ((BlockExportOptions.Fuse) options).u();
        String path = claim(fuse.mountpoint());
        boolean created = false;
        try {
            checkRegularFile(fuse.mountpoint());
            BlockExport export = start(setup, fuse, path);
            created = true;
            return export;
        } finally {
            if (!created) {
                forget(path);
            }
        }
    }

    /** Two spellings of one path are one mountpoint. */
    private String claim(String mountpoint) {
        String canonical;
        try {
            canonical = new File(mountpoint).getCanonicalPath();
        } catch (IOException e) {
            canonical = new File(mountpoint).getAbsolutePath();
        }
        if (!mountpoints.add(canonical)) {
            throw QapiException.generic("There already is a FUSE export on '%s'", mountpoint);
        }
        return canonical;
    }

    void forget(String canonicalMountpoint) {
        mountpoints.remove(canonicalMountpoint);
    }

    void report(String line) {
        errors.accept(line);
    }

    private static void checkRegularFile(String mountpoint) {
        int mode = FileSystems.mode(mountpoint);
        if (mode == -Errno.ENOTCONN) {
            throw QapiException.generic(
                    "Failed to stat '%s': %s (a daemon that was killed has left its mount there;"
                            + " remove it with 'fusermount3 -u' or 'umount')",
                    mountpoint, Errno.message(Errno.ENOTCONN));
        }
        if (mode < 0) {
            throw QapiException.fromErrno(mode, "Failed to stat '%s'", mountpoint);
        }
        if ((mode & FileSystems.S_IFMT) != FileSystems.S_IFREG) {
            throw QapiException.generic("'%s' is not a regular file", mountpoint);
        }
    }

    private FuseExport start(BlockExportSetup setup, BlockExportOptionsFuse options, String path) {
        boolean writable = setup.writable();
        FuseTuning tuning = tuning();
        FuseExportAllowOther wanted = options.allowOther();
        boolean settled = wanted == FuseExportAllowOther.OFF || wanted == FuseExportAllowOther.ON;
        FuseMount mount = settled ? null : FuseMount.tryMountForOthers(path, writable, tuning.maxBytes());
        boolean allowOther = mount != null || wanted == FuseExportAllowOther.ON;
        if (mount == null) {
            mount = FuseMount.mount(path, writable, allowOther, tuning.maxBytes(), errors);
        }
        return start(setup, options, path, mount, tuning, allowOther);
    }

    private FuseExport start(
            BlockExportSetup setup,
            BlockExportOptionsFuse options,
            String path,
            FuseMount mount,
            FuseTuning tuning,
            boolean allowOther) {
        FuseExport export = null;
        boolean started = false;
        try {
            export = new FuseExport(this, setup, mount, path, isTrue(options.growable()), allowOther, tuning);
            export.openQueues(setup.ioThreads());
            export.start();
            started = true;
            return export;
        } catch (SysException e) {
            throw QapiException.generic("Failed to set up FUSE session: %s", e.text());
        } finally {
            // Whatever went wrong, memory included, no mount may stay behind that nobody serves.
            if (!started) {
                abandon(mount, export);
            }
        }
    }

    private static void abandon(FuseMount mount, @Nullable FuseExport export) {
        if (export == null) {
            mount.abandon();
        } else {
            export.abandon();
        }
    }

    private static boolean isTrue(@Nullable Boolean option) {
        return Boolean.TRUE.equals(option);
    }
}
