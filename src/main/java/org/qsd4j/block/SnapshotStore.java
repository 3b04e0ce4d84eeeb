package org.qsd4j.block;

import java.util.List;
import org.qsd4j.aio.MainThread;
import org.qsd4j.qapi.gen.SnapshotInfo;

/** The snapshots inside an image. For changes its node is drained. QEMU: the {@code bdrv_snapshot_*} callbacks of a driver. */
@MainThread
public interface SnapshotStore {
    /**
     * All of them, the oldest first.
     *
     * @throws org.qsd4j.qapi.QapiException if this image can't have any
     */
    List<SnapshotInfo> list();

    /**
     * Keeps what the disk holds now.
     *
     * @param micros the time of it, microseconds since 1970
     * @return 0, and it is on disk; or -errno, and nothing has changed. If it can't be told which of the two the disk has, the
     *     image takes no requests any more until it is opened again
     */
    int create(String name, long micros);

    /** Gives one up; results are those of {@link #create}. */
    int delete(String id, String name);
}
