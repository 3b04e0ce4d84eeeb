package org.qsd4j.block.driver.qcow2;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** The stored bitmaps that track writes: loaded and marked as in use at the start, stored and released at the end. */
@ThreadSafe
final class TrackedBitmaps {
    private static final int FLAGS = 12;

    /** What all bitmaps of an image may take in memory. */
    private static final long MAX_BYTES = 256 << 20;

    private final Qcow2Image image;

    /** Those that somebody has asked for, by name. Main loop. */
    private final Map<String, StoredBitmap> asked = new HashMap<>();

    private TrackedBitmap[] bitmaps = new TrackedBitmap[0];

    /** Whether {@link #resume} has failed: bitmaps that miss the next write would still pass for whole. */
    private volatile boolean mayLookWhole;

    TrackedBitmaps(Qcow2Image image) {
        this.image = image;
    }

    /**
     * Before the first write. A bitmap that was in use already has missed writes, and stays as it is, unless it is ours
     * since {@link #end} failed; one that can't be kept in memory is left in use from now on. 0 or -errno.
     */
    synchronized int begin() {
        List<TrackedBitmap> loaded = new ArrayList<>();
        boolean changed = false;
        long budget = MAX_BYTES;
        for (BitmapDirectory.Entry entry : BitmapDirectory.read(image.file, image.metadata)) {
            boolean tracks = (entry.flags() & BitmapDirectory.FLAG_AUTO) != 0;
            if (!tracks) {
                continue;
            }
            if ((entry.flags() & BitmapDirectory.FLAG_IN_USE) != 0) {
                TrackedBitmap kept = bitmapOf(entry.name());
                if (kept != null) {
                    budget -= TrackedBitmap.bytes(entry, image);
                    loaded.add(kept);
                }
                continue;
            }
            boolean affordable = TrackedBitmap.bytes(entry, image) <= budget;
            TrackedBitmap bitmap = affordable ? TrackedBitmap.load(entry, image) : null;
            if (bitmap != null) {
                budget -= TrackedBitmap.bytes(entry, image);
                loaded.add(bitmap);
            }
            int result = writeFlags(entry, entry.flags() | BitmapDirectory.FLAG_IN_USE);
            if (result < 0) {
                return result;
            }
            changed = true;
        }
        bitmaps = loaded.toArray(new TrackedBitmap[0]);
        return changed ? image.file.flush() : 0;
    }

    /**
     * {@link #begin} after {@link #end}, whether that has failed or not. If it fails, every write tries again, and fails
     * with it as long as it does. Main loop, drained; 0 or -errno.
     */
    int resume() {
        asked.clear();
        mayLookWhole = true;
        return beginAgain();
    }

    private synchronized int beginAgain() {
        if (!mayLookWhole) {
            return 0;
        }
        int result;
        try {
            result = begin();
        } catch (QapiException e) {
            result = -Errno.EIO;
        }
        mayLookWhole = result < 0;
        return result;
    }

    /**
     * The bitmap of that name, or null. Main loop.
     *
     * @throws QapiException if there is one, but it can't be read
     */
    @Nullable
    StoredBitmap find(String name) {
        if (mayLookWhole) {
            throw QapiException.generic("Could not read bitmap '%s' of the image", name);
        }
        StoredBitmap known = asked.get(name);
        if (known != null) {
            return known;
        }
        StoredBitmap found = tracked(name);
        if (found == null) {
            found = stored(name);
        }
        if (found != null) {
            asked.put(name, found);
        }
        return found;
    }

    private @Nullable StoredBitmap tracked(String name) {
        TrackedBitmap bitmap = bitmapOf(name);
        return bitmap == null ? null : new StoredBitmap(bitmap.entry(), bitmap);
    }

    private @Nullable TrackedBitmap bitmapOf(String name) {
        for (TrackedBitmap bitmap : bitmaps) {
            if (bitmap.entry().name().equals(name)) {
                return bitmap;
            }
        }
        return null;
    }

    private @Nullable StoredBitmap stored(String name) {
        for (BitmapDirectory.Entry entry : BitmapDirectory.read(image.file, image.metadata)) {
            if (entry.name().equals(name)) {
                if ((entry.flags() & BitmapDirectory.FLAG_IN_USE) != 0) {
                    return new StoredBitmap(entry, null);
                }
                TrackedBitmap bits = TrackedBitmap.load(entry, image);
                if (bits == null) {
                    throw QapiException.generic("Could not read bitmap '%s' of the image", name);
                }
                return new StoredBitmap(entry, bits);
            }
        }
        return null;
    }

    /** The range is about to be written to, in whatever way. 0, or -errno if it must not be. */
    int mark(long guestOffset, long bytes) {
        int result = mayLookWhole ? beginAgain() : 0;
        if (result == 0 && bytes > 0) {
            for (TrackedBitmap bitmap : bitmaps) {
                bitmap.mark(guestOffset, bytes);
            }
        }
        return result;
    }

    /**
     * Whoever uses a bitmap keeps it, so that it can't be given up.
     *
     * @throws QapiException if somebody does
     */
    void requireIdle() {
        asked.values().forEach(StoredBitmap::requireIdle);
    }

    /** Nobody writes any more. What fails leaves its bitmap in use. 0 or -errno. */
    int end() {
        for (TrackedBitmap bitmap : bitmaps) {
            int result = bitmap.store(image);
            if (result == 0) {
                result = writeFlags(bitmap.entry(), bitmap.entry().flags());
            }
            if (result == 0) {
                result = image.file.flush();
            }
            if (result < 0) {
                return result;
            }
        }
        bitmaps = new TrackedBitmap[0];
        asked.clear();
        return 0;
    }

    private int writeFlags(BitmapDirectory.Entry entry, int flags) {
        NativeBuffer field = NativeBuffer.allocate(Integer.BYTES);
        field.putIntBE(0, flags);
        return image.file.write(entry.position() + FLAGS, field, 0, Integer.BYTES, 0);
    }
}
