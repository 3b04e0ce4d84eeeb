package org.qsd4j.chardev;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A frontend that greets with "hello\n", sends back what it gets, and notes what happens to it. */
final class EchoFrontend implements ChardevFrontend {
    private final Chardev chardev;
    private final BlockingQueue<String> happened = new LinkedBlockingQueue<>();
    volatile boolean takesInput = true;
    volatile boolean busy;

    EchoFrontend(Chardev chardev) {
        this.chardev = chardev;
    }

    @Override
    public void opened() {
        happened.add("opened");
        chardev.write("hello\n".getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void received(ByteBuffer bytes) {
        if (takesInput) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            chardev.write(copy);
        }
    }

    @Override
    public boolean isBusy() {
        return busy;
    }

    @Override
    public void closed() {
        happened.add("closed");
    }

    /** The next thing that happens, within ten seconds. */
    String next() throws InterruptedException {
        return String.valueOf(happened.poll(10, TimeUnit.SECONDS));
    }
}
