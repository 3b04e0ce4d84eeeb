package org.qsd4j.chardev;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qom.QomProperty;
import org.qsd4j.sys.EventFd;
import org.qsd4j.sys.Poll;
import org.qsd4j.sys.SysException;

/**
 * A chardev over one or two file descriptors: standard input and output, a file, a pair of pipes. QEMU: FDChardev. Its
 * thread is one of its own; a second one waits for input and hands it over piece by piece, the next when the frontend has
 * taken all of the last.
 */
class DescriptorChardev extends Chardev {
    private static final int CHUNK_BYTES = 4096;
    private static final long CLOSE_WAIT_MILLIS = 1000;
    private static final int STDERR = 2;
    private static final int PEER_WAIT_MILLIS = 200;

    private final String qomType;
    private final String filename;
    private final @Nullable DescriptorStream input;
    private final DescriptorStream output;
    private final ExecutorService thread;
    private final EventFd wake;
    private final Semaphore taken = new Semaphore(0);
    private ByteBuffer kept = ByteBuffer.allocate(0);
    private boolean ended;

    /** Whether a peer that comes and goes is there. */
    private boolean open;

    private volatile boolean closing;
    private @Nullable Thread reader;

    /** @param in a descriptor, or -1 where there is no input */
    DescriptorChardev(String id, ChardevLog log, String qomType, String filename, int in, int out) {
        super(id, log);
        this.qomType = qomType;
        this.filename = filename;
        this.wake = newWake();
        this.output = new DescriptorStream(out);
        this.input = in < 0 ? null : in == out ? output : new DescriptorStream(in);
        this.thread = new ThreadPoolExecutor(
                1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> newThread(task, "chardev " + id));
    }

    private static EventFd newWake() {
        try {
            return EventFd.create();
        } catch (SysException e) {
            throw QapiException.fromErrno(e.errno(), "Failed to create an event descriptor");
        }
    }

    private static Thread newThread(Runnable task, String name) {
        Thread created = new Thread(task, name);
        created.setDaemon(true);
        return created;
    }

    @Override
    public String filename() {
        return filename;
    }

    @Override
    public List<QomProperty> properties() {
        return List.of();
    }

    @Override
    public String qomType() {
        return qomType;
    }

    @Override
    public void execute(Runnable task) {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException e) {
            // Closed in the meantime: nobody is there to be served.
            return;
        }
    }

    @Override
    void frontendAttached(ChardevFrontend attached) {
        if (isOpen()) {
            attached.opened();
        }
        if (input != null && reader == null) {
            startReading(input);
        } else {
            resumeInput();
        }
    }

    private void startReading(DescriptorStream from) {
        Thread started = newThread(() -> readPeers(from, wake.fd()), "chardev " + id() + " input");
        reader = started;
        started.start();
    }

    /** Whether there are times without a peer. */
    boolean comesAndGoes() {
        return false;
    }

    /** Whether there is a peer now. The thread of the input. */
    boolean isPeerThere() {
        return true;
    }

    private boolean isOpen() {
        return open || !comesAndGoes();
    }

    /** Serves the input of one peer after another, if there can be more than one. */
    private void readPeers(DescriptorStream from, int wakeFd) {
        if (!comesAndGoes()) {
            readAll(from, wakeFd);
        }
        while (comesAndGoes() && !closing) {
            if (isPeerThere()) {
                execute(this::peerCame);
                readAll(from, wakeFd);
            } else {
                Poll.awaitInput(wakeFd, PEER_WAIT_MILLIS);
            }
        }
    }

    private void peerCame() {
        if (ended) {
            // The frontend is busy and hasn't been told that the last one left: for it, this one is the same.
            ended = false;
            return;
        }
        open = true;
        ChardevFrontend reader = frontend();
        if (reader != null) {
            reader.opened();
        }
    }

    private void readAll(DescriptorStream from, int wakeFd) {
        byte[] chunk = new byte[CHUNK_BYTES];
        for (int bytes = from.read(chunk, wakeFd); bytes > 0 && !closing; bytes = from.read(chunk, wakeFd)) {
            ByteBuffer received = ByteBuffer.wrap(chunk, 0, bytes);
            execute(() -> offer(received));
            taken.acquireUninterruptibly();
        }
        execute(this::inputEnded);
    }

    private void offer(ByteBuffer received) {
        kept = received;
        resumeInput();
    }

    @Override
    public void resumeInput() {
        ChardevFrontend reader = frontend();
        if (reader == null) {
            return;
        }
        if (kept.hasRemaining()) {
            reader.received(kept);
            if (!kept.hasRemaining()) {
                taken.release();
            }
        }
        if (ended && !kept.hasRemaining() && !reader.isBusy()) {
            ended = false;
            open = false;
            reader.closed();
        }
    }

    private void inputEnded() {
        ended = true;
        resumeInput();
    }

    @Override
    void send(byte[] bytes) {
        if (isOpen()) {
            output.write(bytes);
        }
    }

    /** Descriptors of the process itself stay open. */
    @Override
    void closePeer() {
        closing = true;
        execute(this::stopReading);
        thread.shutdown();
        try {
            // A write that hangs keeps its descriptor: the number must not become another file's meanwhile.
            if (thread.awaitTermination(CLOSE_WAIT_MILLIS, TimeUnit.MILLISECONDS)) {
                closeIfOwn(input);
                closeIfOwn(input == output ? null : output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void stopReading() {
        Thread stopped = reader;
        if (stopped == null) {
            wake.close();
            return;
        }
        wake.set();
        taken.release();
        try {
            stopped.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        wake.close();
    }

    private static void closeIfOwn(@Nullable DescriptorStream stream) {
        if (stream != null && stream.fd() > STDERR) {
            stream.close();
        }
    }
}
