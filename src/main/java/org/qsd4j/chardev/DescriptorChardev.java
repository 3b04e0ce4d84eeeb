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
import org.qsd4j.qom.QomProperty;

/**
 * A chardev over one or two file descriptors: standard input and output, a file, a pair of pipes. QEMU: FDChardev. Its
 * thread is one of its own; a second one waits for input and hands it over piece by piece, the next when the frontend has
 * taken all of the last.
 */
final class DescriptorChardev extends Chardev {
    private static final int CHUNK_BYTES = 4096;
    private static final long CLOSE_WAIT_MILLIS = 1000;

    private final String qomType;
    private final String filename;
    private final @Nullable DescriptorStream input;
    private final DescriptorStream output;
    private final ExecutorService thread;
    private final Semaphore taken = new Semaphore(0);
    private ByteBuffer kept = ByteBuffer.allocate(0);
    private boolean ended;

    /** @param in a descriptor, or -1 where there is no input */
    DescriptorChardev(String id, ChardevLog log, String qomType, String filename, int in, int out) {
        super(id, log);
        this.qomType = qomType;
        this.filename = filename;
        this.input = in < 0 ? null : new DescriptorStream(in);
        this.output = new DescriptorStream(out);
        this.thread = new ThreadPoolExecutor(
                1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> newThread(task, "chardev " + id));
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
        attached.opened();
        if (input != null) {
            DescriptorStream from = input;
            newThread(() -> readAll(from), "chardev " + id() + " input").start();
        }
    }

    private void readAll(DescriptorStream from) {
        byte[] chunk = new byte[CHUNK_BYTES];
        for (int bytes = from.read(chunk); bytes > 0; bytes = from.read(chunk)) {
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
            reader.closed();
        }
    }

    private void inputEnded() {
        ended = true;
        resumeInput();
    }

    @Override
    void send(byte[] bytes) {
        output.write(bytes);
    }

    @Override
    void closePeer() {
        thread.shutdown();
        try {
            thread.awaitTermination(CLOSE_WAIT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
