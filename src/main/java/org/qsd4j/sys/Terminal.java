package org.qsd4j.sys;

import java.nio.charset.StandardCharsets;

/** Pseudo-terminals and serial lines: termios(3), pts(4). */
public final class Terminal {
    private static final int O_NOCTTY = 0x100;
    private static final int NAME_BYTES = 64;
    private static final int TERMIOS_BYTES = 64;
    private static final int B115200 = 0x1002;
    private static final int TCSANOW = 0;
    private static final int TCSBRK = 0x5409;

    private static final NativeFunction POSIX_OPENPT = NativeFunction.of("posix_openpt", 1);
    private static final NativeFunction GRANTPT = NativeFunction.of("grantpt", 1);
    private static final NativeFunction UNLOCKPT = NativeFunction.of("unlockpt", 1);
    private static final NativeFunction PTSNAME_R = NativeFunction.of("ptsname_r", 3);
    private static final NativeFunction TCGETATTR = NativeFunction.of("tcgetattr", 2);
    private static final NativeFunction TCSETATTR = NativeFunction.of("tcsetattr", 3);
    private static final NativeFunction CFMAKERAW = NativeFunction.of("cfmakeraw", 1);
    private static final NativeFunction CFSETSPEED = NativeFunction.of("cfsetspeed", 2);

    private Terminal() {}

    /**
     * @param master the descriptor of the side that isn't the terminal; the receiver's to close
     * @param path where the terminal is
     */
    public record Pty(int master, String path) {}

    /**
     * A new pseudo-terminal that changes nothing of what goes through it, and that nobody has open. Calls on the master
     * return EAGAIN where they would wait: for a peer that is gone, they would for ever.
     */
    public static Pty openPty() throws SysException {
        int flags = Libc.O_RDWR | O_NOCTTY | Libc.O_CLOEXEC | Libc.O_NONBLOCK;
        int master = SysException.check(POSIX_OPENPT.callInt(flags), "posix_openpt");
        try {
            SysException.check(GRANTPT.callInt(master), "grantpt");
            SysException.check(UNLOCKPT.callInt(master), "unlockpt");
            NativeBuffer name = NativeBuffer.allocate(NAME_BYTES);
            SysException.check(PTSNAME_R.callInt(master, name.address(), NAME_BYTES), "ptsname_r");
            byte[] bytes = new byte[NAME_BYTES];
            name.get(0, bytes, 0, NAME_BYTES);
            String path = new String(bytes, StandardCharsets.UTF_8);
            path = path.substring(0, path.indexOf(0));
            int slave = SysException.check(Libc.open(path, Libc.O_RDWR | O_NOCTTY | Libc.O_CLOEXEC, 0), "open");
            setRaw(slave);
            Libc.close(slave);
            return new Pty(master, path);
        } catch (SysException e) {
            Libc.close(master);
            throw e;
        }
    }

    /** Bytes go through as they are; 0 or -errno. */
    public static int setRaw(int fd) {
        return set(fd, false);
    }

    /** The same, and as a serial line at 115200 bits a second; 0 or -errno. */
    public static int setSerial(int fd) {
        return set(fd, true);
    }

    private static int set(int fd, boolean serial) {
        NativeBuffer termios = NativeBuffer.allocate(TERMIOS_BYTES);
        int result = TCGETATTR.callInt(fd, termios.address());
        if (result < 0) {
            return result;
        }
        CFMAKERAW.call(termios.address());
        if (serial) {
            CFSETSPEED.callInt(termios.address(), B115200);
        }
        return TCSETATTR.callInt(fd, TCSANOW, termios.address());
    }

    /** Sends a break over a serial line; 0 or -errno. */
    public static int sendBreak(int fd) {
        return Libc.ioctl(fd, TCSBRK, 0);
    }
}
