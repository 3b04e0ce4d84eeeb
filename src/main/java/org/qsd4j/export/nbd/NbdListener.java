package org.qsd4j.export.nbd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.nbd.SocketChannel;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.Sockets;

/**
 * A running server: accepts clients and keeps count of them. When there are as many as allowed it stops accepting, so
 * that the next one waits in the kernel's queue, in order, without costing us anything.
 */
@ThreadSafe
final class NbdListener {
    private static final System.Logger LOG = System.getLogger(NbdListener.class.getName());
    private static final long STOP_WAIT_MILLIS = 1000;
    private static final long FULL_TABLE_MILLIS = 100;

    private final ListeningSockets sockets;
    private final ExportDirectory exports;
    private final @Nullable TlsGate tls;
    private final int handshakeMaxSeconds;
    private final int maxConnections;
    private final BufferPool buffers = new BufferPool();
    private final ScheduledThreadPoolExecutor timer;
    private final List<Thread> acceptors = new ArrayList<>();

    /** Guarded by this, as is what follows. */
    private final Set<NbdConnection> connections = new HashSet<>();

    /** Connections there are or that an acceptor is about to take. */
    private int taken;

    private boolean stopping;
    private long serial;

    /**
     * @param handshakeMaxSeconds 0: no limit
     * @param maxConnections 0: no limit
     */
    NbdListener(
            ListeningSockets sockets,
            ExportDirectory exports,
            @Nullable TlsGate tls,
            int handshakeMaxSeconds,
            int maxConnections) {
        this.sockets = sockets;
        this.exports = exports;
        this.tls = tls;
        this.handshakeMaxSeconds = handshakeMaxSeconds;
        this.maxConnections = maxConnections;
        this.timer = new ScheduledThreadPoolExecutor(1, task -> daemonThread(task, "nbd-timer"));
        this.timer.setRemoveOnCancelPolicy(true);
        for (int fd : sockets.fds()) {
            Thread acceptor = daemonThread(() -> acceptAll(fd), "nbd-accept");
            acceptors.add(acceptor);
            acceptor.start();
        }
    }

    private static Thread daemonThread(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    ExportDirectory exports() {
        return exports;
    }

    @Nullable
    TlsGate tls() {
        return tls;
    }

    int handshakeMaxSeconds() {
        return handshakeMaxSeconds;
    }

    /** Whether a second client could ever come beside the first. */
    boolean allowsSeveral() {
        return maxConnections != 1;
    }

    BufferPool buffers() {
        return buffers;
    }

    ScheduledExecutorService timer() {
        return timer;
    }

    String description() {
        return sockets.description();
    }

    private void acceptAll(int listeningFd) {
        try {
            while (reservePlace()) {
                int fd = Sockets.accept(listeningFd);
                if (fd < 0) {
                    releasePlace();
                    if (!survives(-fd)) {
                        return;
                    }
                } else {
                    serve(fd);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Errors of the one connection, or of a full table, are no reason to stop listening. */
    private boolean survives(int errno) throws InterruptedException {
        synchronized (this) {
            if (stopping) {
                return false;
            }
        }
        switch (errno) {
            case Errno.EINTR, Errno.ECONNABORTED, Errno.EAGAIN, Errno.EPERM -> {
                return true;
            }
            case Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, Errno.ENOMEM -> {
                Thread.sleep(FULL_TABLE_MILLIS);
                return true;
            }
            default -> {
                LOG.log(System.Logger.Level.ERROR, "NBD server stops listening: {0}", Errno.message(errno));
                return false;
            }
        }
    }

    private synchronized boolean reservePlace() throws InterruptedException {
        while (!stopping && maxConnections != 0 && taken >= maxConnections) {
            wait();
        }
        taken++;
        return !stopping;
    }

    private synchronized void releasePlace() {
        taken--;
        notifyAll();
    }

    private void serve(int fd) {
        NbdConnection connection = new NbdConnection(this, new SocketChannel(fd));
        Thread thread;
        synchronized (this) {
            connections.add(connection);
            thread = daemonThread(connection, "nbd-" + serial++);
            if (stopping) {
                connection.shutdown();
            }
        }
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            LOG.log(System.Logger.Level.ERROR, "no thread for an NBD client");
            connection.abandon();
        }
    }

    /** The connection has given back everything. */
    synchronized void closed(NbdConnection connection) {
        connections.remove(connection);
        taken--;
        notifyAll();
    }

    /** Cuts all clients off and frees the address. Waits a moment for those threads to end; they hold no locks of ours. */
    void stop() {
        synchronized (this) {
            stopping = true;
            connections.forEach(NbdConnection::shutdown);
            notifyAll();
        }
        for (int fd : sockets.fds()) {
            Sockets.shutdown(fd);
        }
        boolean interrupted = false;
        try {
            for (Thread acceptor : acceptors) {
                acceptor.join();
            }
            awaitConnections();
        } catch (InterruptedException e) {
            interrupted = true;
        }
        sockets.fds().forEach(Libc::close);
        timer.shutdownNow();
        unlink();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void awaitConnections() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STOP_WAIT_MILLIS);
        long left = STOP_WAIT_MILLIS;
        while (!connections.isEmpty() && left > 0) {
            wait(left);
            left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        }
    }

    private void unlink() {
        if (sockets.path() != null) {
            try {
                Files.deleteIfExists(Path.of(sockets.path()));
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "can''t remove {0}", sockets.path());
            }
        }
    }
}
