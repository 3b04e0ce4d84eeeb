package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ChardevBackend;
import org.qsd4j.qapi.gen.ChardevCommon;
import org.qsd4j.qapi.gen.ChardevFile;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.sys.Libc;
import org.qsd4j.util.Reporter;

/** Opens chardevs. Main loop. */
final class ChardevFactory implements AutoCloseable {
    private static final int MODE = 0666;
    private static final long DEFAULT_RINGBUF_BYTES = 65536;
    private static final int PPCLAIM = 0x708b;
    private static final long MAX_RINGBUF_BYTES = 1 << 30;

    private final Reporter reporter;
    private final boolean background;
    private final ObjectRegistry objects;
    private final Function<String, @Nullable Chardev> others;
    private final Runnable quit;
    private final SocketLoop socketLoop = new SocketLoop();
    private final PeerWait peerWait = new PeerWait();
    private boolean stdioTaken;

    /**
     * @param others finds a chardev that is there already, or null
     * @param quit ends the program; any thread
     */
    ChardevFactory(
            Reporter reporter,
            boolean background,
            ObjectRegistry objects,
            Function<String, @Nullable Chardev> others,
            Runnable quit) {
        this.reporter = reporter;
        this.background = background;
        this.objects = objects;
        this.others = others;
        this.quit = quit;
    }

    /** @param inherited whether a descriptor's number may be given; it has come to the process when it was started */
    Chardev open(ChardevOptions options, boolean inherited) {
        ChardevLog log = log(options.backend());
        try {
            return open(options.id(), log, options.backend(), inherited);
        } catch (QapiException e) {
            log.close();
            throw e;
        }
    }

    /** Every kind has the members of ChardevCommon. */
    private static ChardevLog log(ChardevBackend backend) {
        ObjectNode data = (ObjectNode) backend.toJson().get("data");
        data.retain("logfile", "logappend", "logtimestamp");
        ChardevCommon common = ChardevCommon.visit(new JsonInputVisitor(data), null);
        return ChardevLog.open(common.logfile(), common.logappend(), common.logtimestamp());
    }

    private Chardev open(String id, ChardevLog log, ChardevBackend backend, boolean inherited) {
        if (backend instanceof ChardevBackend.Socket socket) {
            return ChardevSockets.open(id, log, socket.u().data(), objects, inherited, socketLoop, peerWait, reporter);
        } else if (backend instanceof ChardevBackend.Stdio) {
            return openStdio(id, log);
        } else if (backend instanceof ChardevBackend.File file) {
            return openFile(id, log, file.u().data());
        } else if (backend instanceof ChardevBackend.Pipe pipe) {
            return openPipe(id, log, pipe.u().data().device());
        } else if (backend instanceof ChardevBackend.Ringbuf ringbuf) {
            return openRingbuf(id, log, "ringbuf", ringbuf.u().data().size());
        } else if (backend instanceof ChardevBackend.Memory memory) {
            return openRingbuf(id, log, "memory", memory.u().data().size());
        }
        return openOther(id, log, backend);
    }

    private Chardev openOther(String id, ChardevLog log, ChardevBackend backend) {
        if (backend instanceof ChardevBackend.Udp udp) {
            return UdpSockets.open(id, log, udp.u().data());
        } else if (backend instanceof ChardevBackend.Pty pty) {
            return PtyChardev.open(id, log, pty.u().data().path());
        } else if (backend instanceof ChardevBackend.Serial serial) {
            return SerialChardev.open(id, log, serial.u().data().device());
        } else if (backend instanceof ChardevBackend.Parallel parallel) {
            return openParallel(id, log, parallel.u().data().device());
        } else if (backend instanceof ChardevBackend.Mux mux) {
            return openMux(id, log, mux.u().data().chardev());
        }
        return new NullChardev(id, log, "null", () -> {});
    }

    private Chardev openMux(String id, ChardevLog log, String chardev) {
        Chardev base = others.apply(chardev);
        if (base == null) {
            throw QapiException.generic("mux: base chardev %s not found", chardev);
        }
        return new MuxChardev(id, log, base, quit);
    }

    /** Nobody but a device of a virtual machine sends anything over one, and there is none: what is written is dropped. */
    private static Chardev openParallel(String id, ChardevLog log, String path) {
        int fd = openDescriptor(path, Libc.O_RDWR);
        int claimed = Libc.ioctl(fd, PPCLAIM, 0);
        if (claimed < 0) {
            Libc.close(fd);
            throw QapiException.fromErrno(claimed, "not a parallel port");
        }
        return new NullChardev(id, log, "parallel", () -> Libc.close(fd));
    }

    private Chardev openStdio(String id, ChardevLog log) {
        if (background) {
            throw QapiException.generic("cannot use stdio with -daemonize");
        }
        if (stdioTaken) {
            throw QapiException.generic("cannot use stdio by multiple character devices");
        }
        Chardev stdio = new DescriptorChardev(id, log, "chardev-stdio", "stdio", 0, 1);
        stdioTaken = true;
        return stdio;
    }

    private static Chardev openFile(String id, ChardevLog log, ChardevFile file) {
        int in = -1;
        int out = -1;
        try {
            int whole = Boolean.TRUE.equals(file.append()) ? DescriptorStream.O_APPEND : Libc.O_TRUNC;
            out = openDescriptor(file.out(), Libc.O_WRONLY | Libc.O_CREAT | whole);
            in = file.in() == null ? -1 : openDescriptor(file.in(), Libc.O_RDONLY);
            return new DescriptorChardev(id, log, "chardev-file", "file", in, out);
        } catch (QapiException e) {
            closeIfOpen(in);
            closeIfOpen(out);
            throw e;
        }
    }

    /** Two pipes, PATH.in and PATH.out, or one for both ways. */
    private static Chardev openPipe(String id, ChardevLog log, String path) {
        int in = Libc.open(path + ".in", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        int out = Libc.open(path + ".out", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        if (in < 0 || out < 0) {
            closeIfOpen(in);
            closeIfOpen(out);
            in = openDescriptor(path, Libc.O_RDWR);
            out = in;
        }
        try {
            return new DescriptorChardev(id, log, "chardev-pipe", "pipe", in, out);
        } catch (QapiException e) {
            closeIfOpen(in);
            closeIfOpen(in == out ? -1 : out);
            throw e;
        }
    }

    private static void closeIfOpen(int fd) {
        if (fd >= 0) {
            Libc.close(fd);
        }
    }

    static int openDescriptor(String path, int flags) {
        int fd = Libc.open(path, flags | Libc.O_CLOEXEC, MODE);
        if (fd < 0) {
            throw QapiException.fromErrno(fd, "Could not open '%s'", path);
        }
        return fd;
    }

    private static Chardev openRingbuf(String id, ChardevLog log, String kind, @Nullable Long wanted) {
        long size = wanted == null ? DEFAULT_RINGBUF_BYTES : wanted;
        if (Long.bitCount(size) != 1 || size < 0) {
            throw QapiException.generic("size of ringbuf chardev must be power of two");
        }
        if (size > MAX_RINGBUF_BYTES) {
            throw QapiException.generic("size of ringbuf chardev must not exceed %d", MAX_RINGBUF_BYTES);
        }
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
