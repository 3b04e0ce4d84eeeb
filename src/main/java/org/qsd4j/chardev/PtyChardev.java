package org.qsd4j.chardev;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.Poll;
import org.qsd4j.sys.ProcessCalls;
import org.qsd4j.sys.SysException;
import org.qsd4j.sys.Terminal;

/** A pseudo-terminal; its peer is whoever has it open. QEMU: char-pty.c. */
final class PtyChardev extends DescriptorChardev {
    private final Terminal.Pty pty;
    private final @Nullable String link;

    private PtyChardev(String id, ChardevLog log, Terminal.Pty pty, @Nullable String link) {
        super(id, log, "chardev-pty", "pty:" + pty.path(), pty.master(), pty.master());
        this.pty = pty;
        this.link = link;
    }

    /** @param link a symbolic link to it that is wanted, or null */
    static Chardev open(String id, ChardevLog log, @Nullable String link) {
        Terminal.Pty pty;
        try {
            pty = Terminal.openPty();
        } catch (SysException e) {
            throw QapiException.fromErrno(e.errno(), "Failed to open PTY");
        }
        String made = null;
        try {
            made = link == null ? null : makeLink(link, pty.path());
            return new PtyChardev(id, log, pty, made);
        } catch (QapiException e) {
            Libc.close(pty.master());
            if (made != null) {
                ProcessCalls.unlink(made);
            }
            throw e;
        }
    }

    /** Its absolute path, because a daemon that goes to the background changes its directory. */
    private static String makeLink(String link, String target) {
        int result = ProcessCalls.symlink(target, link);
        if (result < 0) {
            throw QapiException.fromErrno(result, "Failed to create PTY symlink");
        }
        return Path.of(link).toAbsolutePath().toString();
    }

    @Override
    public String pty() {
        return pty.path();
    }

    @Override
    boolean comesAndGoes() {
        return true;
    }

    /** While nobody has the terminal open the kernel says that it is hung up. */
    @Override
    boolean isPeerThere() {
        return !Poll.isHungUp(pty.master());
    }

    @Override
    void closePeer() {
        super.closePeer();
        if (link != null) {
            ProcessCalls.unlink(link);
        }
    }
}
