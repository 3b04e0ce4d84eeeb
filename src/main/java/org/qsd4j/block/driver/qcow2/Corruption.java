package org.qsd4j.block.driver.qcow2;

import java.util.Locale;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.sys.Errno;

/**
 * What happens when the image contradicts itself. A writable image of version 3 is marked corrupt on disk and is not used
 * any more; of others the one request fails. QEMU: {@code qcow2_signal_corruption}.
 */
@ThreadSafe
final class Corruption {
    /** Told from the thread that found the fault. */
    interface Listener {
        /** At most twice, the second time fatal. {@code offset} and {@code size} are negative where they make no sense. */
        void imageCorrupted(boolean fatal, String message, long offset, long size);

        /** Something went wrong where no request can be told of it. */
        void failed(String message);
    }

    private final Qcow2Image image;
    private final Listener listener;
    private boolean reported;
    private boolean reportedFatal;

    Corruption(Qcow2Image image, Listener listener) {
        this.image = image;
        this.listener = listener;
    }

    /**
     * Reports a fault once; a fatal one of a writable image puts it out of use.
     *
     * @return -EIO, for the request that found it
     */
    int signal(boolean fatal, long offset, long size, String format, Object... args) {
        boolean fatalHere = fatal && !image.readOnly;
        if (isNews(fatalHere)) {
            listener.imageCorrupted(fatalHere, String.format(Locale.ROOT, format, args), offset, size);
            if (fatalHere) {
                image.markCorrupt();
            }
        }
        return -Errno.EIO;
    }

    /** See {@link Listener#failed}. */
    void report(String message) {
        listener.failed(message);
    }

    /** A number as C's {@code %#x} shows it. */
    static String hex(long number) {
        return number == 0 ? "0" : "0x" + Long.toHexString(number);
    }

    private synchronized boolean isNews(boolean fatal) {
        boolean news = fatal ? !reportedFatal : !reported;
        reported = true;
        reportedFatal |= fatal;
        return news;
    }
}
