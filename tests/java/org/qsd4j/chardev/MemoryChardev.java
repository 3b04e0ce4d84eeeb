package org.qsd4j.chardev;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import org.qsd4j.qom.QomProperty;

/** A chardev whose peer is a test. Everything happens on the test's thread, at once. */
public final class MemoryChardev extends Chardev {
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private ByteBuffer kept = ByteBuffer.allocate(0);
    private boolean offering;

    public MemoryChardev(String id) {
        super(id, ChardevLog.open(null, null, null));
    }

    /** Makes it one of those. */
    public void addTo(Chardevs chardevs) {
        chardevs.add(this);
    }

    /** Lets a new peer come; what the last one was sent is forgotten. */
    public void connect() {
        output.reset();
        kept = ByteBuffer.allocate(0);
        ChardevFrontend reader = frontend();
        if (reader != null) {
            reader.opened();
        }
    }

    /** The peer goes. */
    public void disconnect() {
        ChardevFrontend reader = frontend();
        if (reader != null) {
            reader.closed();
        }
    }

    /** Takes its frontend away, whichever it is. */
    public void detachFrontend() {
        ChardevFrontend reader = frontend();
        if (reader != null) {
            detach(reader);
        }
    }

    /** Whether the frontend still works for the peer. */
    public boolean frontendIsBusy() {
        ChardevFrontend reader = frontend();
        return reader != null && reader.isBusy();
    }

    /** Bytes from the peer, in pieces of at most so many. */
    public void receive(byte[] bytes, int pieceBytes) {
        for (int at = 0; at < bytes.length; at += pieceBytes) {
            int count = Math.min(pieceBytes, bytes.length - at);
            ByteBuffer joined = ByteBuffer.allocate(kept.remaining() + count);
            joined.put(kept).put(bytes, at, count).flip();
            kept = joined;
            resumeInput();
        }
    }

    /** What the peer was sent. */
    public byte[] sent() {
        return output.toByteArray();
    }

    @Override
    public String filename() {
        return "memory";
    }

    @Override
    public String qomType() {
        return "chardev-socket";
    }

    @Override
    public List<QomProperty> properties() {
        return List.of();
    }

    @Override
    void frontendAttached(ChardevFrontend attached) {}

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    @Override
    public void resumeInput() {
        ChardevFrontend reader = frontend();
        if (reader == null || offering) {
            return;
        }
        offering = true;
        int left;
        do {
            left = kept.remaining();
            reader.received(kept);
        } while (kept.hasRemaining() && kept.remaining() < left);
        offering = false;
    }

    @Override
    void send(byte[] bytes) {
        output.writeBytes(bytes);
    }

    @Override
    void closePeer() {}
}
