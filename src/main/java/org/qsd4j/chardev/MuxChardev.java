package org.qsd4j.chardev;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qom.QomProperty;

/**
 * A chardev that several frontends share. All of them write, one of them reads: which one the peer chooses with Ctrl-A c.
 * QEMU: char-mux.c. Its thread is that of the chardev below.
 */
final class MuxChardev extends Chardev {
    private static final int MAX_FRONTENDS = 4;
    private static final byte ESCAPE = 1;
    private static final String HELP = """

            C-a h    print this help
            C-a x    exit emulator
            C-a s    save disk data back to file (if -snapshot)
            C-a t    toggle console timestamps
            C-a b    send break (magic sysrq)
            C-a c    switch between console and monitor
            C-a C-a  sends C-a
            """;

    private final Chardev base;
    private final Runnable quit;
    private final Below below = new Below();
    private final MuxTimestamps timestamps = new MuxTimestamps();

    /** Who has which place, whether the thread knows yet or not. Main loop. */
    private final @Nullable ChardevFrontend[] owners = new ChardevFrontend[MAX_FRONTENDS];

    /** Who is served in which place. The chardev's thread, as is what follows. */
    private final @Nullable ChardevFrontend[] frontends = new ChardevFrontend[MAX_FRONTENDS];

    private int focus;
    private boolean open;
    private boolean escaped;

    /**
     * Attaches itself to the chardev below; throws QapiException if somebody else has it.
     *
     * @param quit ends the program; any thread
     */
    MuxChardev(String id, ChardevLog log, Chardev base, Runnable quit) {
        super(id, log);
        this.base = base;
        this.quit = quit;
        base.attach(below);
    }

    @Override
    public String filename() {
        return "mux";
    }

    @Override
    public String qomType() {
        return "chardev-mux";
    }

    @Override
    public List<QomProperty> properties() {
        return List.of();
    }

    @Override
    public void attach(ChardevFrontend newFrontend) {
        int place = place(owners, null);
        if (place < 0) {
            throw QapiException.generic(
                    "too many uses of multiplexed chardev '%s' (maximum is %d)", id(), MAX_FRONTENDS);
        }
        owners[place] = newFrontend;
        execute(() -> {
            frontends[place] = newFrontend;
            focus = place;
            frontendAttached(newFrontend);
        });
    }

    @Override
    public void detach(ChardevFrontend old) {
        int place = place(owners, old);
        if (place < 0) {
            return;
        }
        owners[place] = null;
        execute(() -> {
            frontends[place] = null;
            if (focus == place) {
                focusNext();
            }
            old.closed();
        });
    }

    private static int place(@Nullable ChardevFrontend[] places, @Nullable ChardevFrontend wanted) {
        for (int i = 0; i < MAX_FRONTENDS; i++) {
            if (places[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public boolean isBusy() {
        for (ChardevFrontend owner : owners) {
            if (owner != null) {
                return true;
            }
        }
        return false;
    }

    @Override
    void frontendAttached(ChardevFrontend attached) {
        if (open) {
            attached.opened();
        }
        resumeInput();
    }

    @Override
    public boolean hasThread() {
        return base.hasThread();
    }

    @Override
    public void execute(Runnable task) {
        base.execute(task);
    }

    @Override
    public void resumeInput() {
        base.resumeInput();
    }

    @Override
    public void sendBreak() {
        base.sendBreak();
    }

    @Override
    void send(byte[] bytes) {
        base.write(timestamps.stamp(bytes));
    }

    @Override
    void closePeer() {
        base.detach(below);
    }

    private void focusNext() {
        for (int i = 1; i <= MAX_FRONTENDS; i++) {
            int place = (focus + i) % MAX_FRONTENDS;
            if (frontends[place] != null) {
                focus = place;
                return;
            }
        }
    }

    private void command(byte key) {
        switch (key) {
            case 'h', '?' -> base.write(text(HELP.replace("\n", "\n\r")));
            case 'x' -> {
                base.write(text("QEMU: Terminated\n\r"));
                quit.run();
            }
            case 't' -> timestamps.toggle();
            case 'c' -> focusNext();
            default -> {
                // A break has no one to go to, disk data are always saved, and other keys mean nothing.
            }
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** What is attached to the chardev below. */
    private final class Below implements ChardevFrontend {
        @Override
        public void opened() {
            open = true;
            for (ChardevFrontend frontend : frontends) {
                if (frontend != null) {
                    frontend.opened();
                }
            }
        }

        @Override
        public void received(ByteBuffer bytes) {
            while (bytes.hasRemaining()) {
                byte next = bytes.get(bytes.position());
                if (escaped && next != ESCAPE) {
                    bytes.get();
                    escaped = false;
                    command(next);
                } else if (!escaped && next == ESCAPE) {
                    bytes.get();
                    escaped = true;
                } else if (!give(bytes)) {
                    return;
                }
            }
        }

        /** Up to the next escape, which itself goes when it comes twice; false if the reader doesn't take all of it. */
        private boolean give(ByteBuffer bytes) {
            int end = bytes.position() + 1;
            while (!escaped && end < bytes.limit() && bytes.get(end) != ESCAPE) {
                end++;
            }
            ChardevFrontend reader = frontends[focus];
            if (reader == null) {
                bytes.position(end);
            } else {
                int limit = bytes.limit();
                bytes.limit(end);
                reader.received(bytes);
                bytes.limit(limit);
            }
            boolean all = bytes.position() == end;
            escaped &= !all;
            return all;
        }

        @Override
        public boolean isBusy() {
            for (ChardevFrontend frontend : frontends) {
                if (frontend != null && frontend.isBusy()) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void closed() {
            open = false;
            escaped = false;
            for (ChardevFrontend frontend : frontends) {
                if (frontend != null) {
                    frontend.closed();
                }
            }
        }

        @Override
        public boolean isOpen() {
            return MuxChardev.this.isBusy();
        }
    }
}
