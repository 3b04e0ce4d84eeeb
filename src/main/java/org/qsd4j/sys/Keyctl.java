package org.qsd4j.sys;

/** The kernel's keys: keyctl(2), which the C library has no function for. */
public final class Keyctl {
    /** From <linux/keyctl.h>. */
    private static final int KEYCTL_READ = 11;

    private static final NativeFunction SYSCALL = NativeFunction.of("syscall", 6);
    private static final int NUMBER = number(System.getProperty("os.arch", ""));

    private Keyctl() {}

    private static int number(String architecture) {
        return switch (architecture) {
            case "amd64" -> 250;
            case "aarch64", "riscv64" -> 219;
            case "ppc64le", "ppc64" -> 271;
            case "s390x" -> 280;
            default -> -1;
        };
    }

    /** Copies a key's bytes as far as there is room: how many it has, or -errno. */
    public static long read(int serial, long address, long bytes) {
        return NUMBER < 0 ? -Errno.ENOSYS : SYSCALL.call(NUMBER, KEYCTL_READ, serial, address, bytes, 0);
    }
}
