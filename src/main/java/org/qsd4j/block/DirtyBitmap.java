package org.qsd4j.block;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.QapiException;

/**
 * Which parts of a node have been written to since some moment. QEMU: {@code BdrvDirtyBitmap}. Who uses it marks it as
 * busy, on the main loop; bits may be asked for by any thread.
 */
public abstract class DirtyBitmap {
    private final String name;
    private final boolean enabled;
    private final boolean inconsistent;
    private boolean busy;

    /**
     * @param enabled it goes on recording as long as the node can be written to
     * @param inconsistent it has missed writes, and knows nothing
     */
    protected DirtyBitmap(String name, boolean enabled, boolean inconsistent) {
        this.name = name;
        this.enabled = enabled;
        this.inconsistent = inconsistent;
    }

    public String name() {
        return name;
    }

    public boolean isEnabled() {
        return enabled;
    }

    /**
     * The bitmap of that name of a node, or of the first node below it that has one. QEMU: the search of {@code
     * nbd_export_create}.
     */
    @MainThread
    public static @Nullable DirtyBitmap findInChain(BlockNode top, String name) {
        BlockNode node = top;
        while (true) {
            DirtyBitmap found = node.findDirtyBitmap(name);
            BlockChild below = node.filteredOrBacking();
            if (found != null || below == null) {
                return found;
            }
            node = below.node();
        }
    }

    /** Throws QapiException if it is in use, or knows nothing. QEMU: {@code bdrv_dirty_bitmap_check}. */
    @MainThread
    public void checkUsable() {
        requireIdle();
        if (inconsistent) {
            throw QapiException.generic("Bitmap '%s' is inconsistent and cannot be used", name)
                    .withHint("Try block-dirty-bitmap-remove to delete this bitmap from disk");
        }
    }

    /** Throws QapiException if it is in use. */
    @MainThread
    public void requireIdle() {
        if (busy) {
            throw QapiException.generic(
                    "Bitmap '%s' is currently in use by another operation and cannot be used", name);
        }
    }

    @MainThread
    public void setBusy(boolean inUse) {
        busy = inUse;
    }

    /** Whether the byte there may have been written to. */
    @ThreadSafe
    public abstract boolean isDirty(long offset);

    /** How far that is the same, from 1 to {@code bytes}. */
    @ThreadSafe
    public abstract long runLength(long offset, long bytes);
}
