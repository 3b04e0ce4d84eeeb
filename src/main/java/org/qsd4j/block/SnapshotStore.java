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
     * @return 0 or -errno: nothing has changed, unless the image's file failed while the change was written; then it is
     *     made, and written as soon as the file works
     */
    int create(String name, long micros);

    /** Gives one up; results are those of {@link #create}. */
    int delete(String id, String name);
}
