package org.qsd4j.chardev;

import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ChardevBackend;
import org.qsd4j.qapi.gen.ChardevCommon;
import org.qsd4j.qapi.gen.ChardevFile;
import org.qsd4j.qapi.gen.ChardevHostdev;
import org.qsd4j.qapi.gen.ChardevRingbuf;
import org.qsd4j.qapi.gen.ChardevStdio;
import org.qsd4j.sys.Libc;
import org.qsd4j.util.Reporter;

/** Opens chardevs. Main loop. */
final class ChardevFactory implements AutoCloseable {
    private static final int MODE = 0666;
    private static final long DEFAULT_RINGBUF_BYTES = 65536;
    private static final long MAX_RINGBUF_BYTES = 1 << 30;

    private final Reporter reporter;
    private final boolean background;
    private final SocketLoop socketLoop = new SocketLoop();
    private final PeerWait peerWait = new PeerWait();
    private boolean stdioTaken;

    ChardevFactory(Reporter reporter, boolean background) {
        this.reporter = reporter;
        this.background = background;
    }

    Chardev open(ChardevOptions options) {
        String id = options.id();
        ChardevBackend backend = options.backend();
        if (backend instanceof ChardevBackend.Socket socket) {
            return ChardevSockets.open(id, socket.u().data(), socketLoop, peerWait, reporter);
        } else if (backend instanceof ChardevBackend.Stdio stdio) {
            return openStdio(id, stdio.u().data());
        } else if (backend instanceof ChardevBackend.File file) {
            return openFile(id, file.u().data());
        } else if (backend instanceof ChardevBackend.Pipe pipe) {
            return openPipe(id, pipe.u().data());
        } else if (backend instanceof ChardevBackend.Ringbuf ringbuf) {
            return openRingbuf(id, "ringbuf", ringbuf.u().data());
        } else if (backend instanceof ChardevBackend.Memory memory) {
            return openRingbuf(id, "memory", memory.u().data());
        }
        ChardevCommon common = ((ChardevBackend.Null) backend).u().data();
        return new NullChardev(id, log(common.logfile(), common.logappend(), common.logtimestamp()));
    }

    static ChardevLog log(@Nullable String path, @Nullable Boolean append, @Nullable Boolean timestamps) {
        return ChardevLog.open(path, append, timestamps);
    }

    private Chardev openStdio(String id, ChardevStdio stdio) {
        if (background) {
            throw QapiException.generic("cannot use stdio with -daemonize");
        }
        if (stdioTaken) {
            throw QapiException.generic("cannot use stdio by multiple character devices");
        }
        ChardevLog log = log(stdio.logfile(), stdio.logappend(), stdio.logtimestamp());
        stdioTaken = true;
        return new DescriptorChardev(id, log, "chardev-stdio", "stdio", 0, 1);
    }

    private static Chardev openFile(String id, ChardevFile file) {
        ChardevLog log = log(file.logfile(), file.logappend(), file.logtimestamp());
        int out = -1;
        try {
            int whole = Boolean.TRUE.equals(file.append()) ? DescriptorStream.O_APPEND : Libc.O_TRUNC;
            out = openDescriptor(file.out(), Libc.O_WRONLY | Libc.O_CREAT | whole);
            int in = file.in() == null ? -1 : openDescriptor(file.in(), Libc.O_RDONLY);
            return new DescriptorChardev(id, log, "chardev-file", "file", in, out);
        } catch (QapiException e) {
            closeIfOpen(out);
            log.close();
            throw e;
        }
    }

    /** Two pipes, PATH.in and PATH.out, or one for both ways. */
    private static Chardev openPipe(String id, ChardevHostdev pipe) {
        ChardevLog log = log(pipe.logfile(), pipe.logappend(), pipe.logtimestamp());
        String path = pipe.device();
        int in = Libc.open(path + ".in", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        int out = Libc.open(path + ".out", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        if (in < 0 || out < 0) {
            closeIfOpen(in);
            closeIfOpen(out);
            try {
                in = openDescriptor(path, Libc.O_RDWR);
            } catch (QapiException e) {
                log.close();
                throw e;
            }
            out = in;
        }
        return new DescriptorChardev(id, log, "chardev-pipe", "pipe", in, out);
    }

    private static void closeIfOpen(int fd) {
        if (fd >= 0) {
            Libc.close(fd);
        }
    }

    private static int openDescriptor(String path, int flags) {
        int fd = Libc.open(path, flags | Libc.O_CLOEXEC, MODE);
        if (fd < 0) {
            throw QapiException.fromErrno(fd, "Could not open '%s'", path);
        }
        return fd;
    }

    private static Chardev openRingbuf(String id, String kind, ChardevRingbuf ringbuf) {
        long size = ringbuf.size() == null ? DEFAULT_RINGBUF_BYTES : ringbuf.size();
        if (Long.bitCount(size) != 1 || size < 0) {
            throw QapiException.generic("size of ringbuf chardev must be power of two");
        }
        if (size > MAX_RINGBUF_BYTES) {
            throw QapiException.generic("size of ringbuf chardev must not exceed %d", MAX_RINGBUF_BYTES);
        }
        ChardevLog log = log(ringbuf.logfile(), ringbuf.logappend(), ringbuf.logtimestamp());
        return new RingbufChardev(id, log, kind, (int) size);
    }

    /** Any thread. */
    void stopWaiting() {
        peerWait.end();
    }

    @Override
    public void close() {
        socketLoop.close();
    }
}
