package org.qsd4j.sys;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Starts programs that inherit a descriptor, which {@link ProcessBuilder} can't do: posix_spawnp(3). Standard input and
 * output are the parent's.
 */
public final class ChildProcess {
    /** The number under which the child finds the descriptor that it is given. */
    public static final int INHERITED_FD = 3;

    private static final int STDERR = 2;
    private static final int EINTR_RETRIES = 100;

    /** posix_spawn_file_actions_t of the GNU C library is 80 bytes; others are smaller. */
    private static final int FILE_ACTIONS_SIZE = 256;

    private static final NativeFunction SPAWNP = NativeFunction.of("posix_spawnp", 6);
    private static final NativeFunction WAITPID = NativeFunction.of("waitpid", 3);
    private static final NativeFunction ACTIONS_INIT = NativeFunction.of("posix_spawn_file_actions_init", 1);
    private static final NativeFunction ACTIONS_DESTROY = NativeFunction.of("posix_spawn_file_actions_destroy", 1);
    private static final NativeFunction ACTIONS_DUP2 = NativeFunction.of("posix_spawn_file_actions_adddup2", 3);
    private static final NativeFunction ACTIONS_OPEN = NativeFunction.of("posix_spawn_file_actions_addopen", 5);

    private final int pid;

    private ChildProcess(int pid) {
        this.pid = pid;
    }

    /**
     * Starts a program found on PATH.
     *
     * @param environment added to this process's own
     * @param inherited a descriptor that the child gets as {@link #INHERITED_FD}, or -1
     * @param quiet the child's standard error goes nowhere
     */
    public static ChildProcess spawn(List<String> argv, Map<String, String> environment, int inherited, boolean quiet)
            throws SysException {
        NativeBuffer actions = NativeBuffer.allocate(FILE_ACTIONS_SIZE);
        NativeBuffer devNull = Libc.cString("/dev/null");
        StringArray arguments = new StringArray(argv);
        StringArray variables = new StringArray(environment(environment));
        NativeBuffer pid = NativeBuffer.allocate(Integer.BYTES);
        ACTIONS_INIT.call(actions.address());
        try {
            if (inherited >= 0) {
                ACTIONS_DUP2.call(actions.address(), inherited, INHERITED_FD);
            }
            if (quiet) {
                ACTIONS_OPEN.call(actions.address(), STDERR, devNull.address(), Libc.O_WRONLY, 0);
            }
            int error = (int) SPAWNP.call(
                    pid.address(), arguments.string(0), actions.address(), 0, arguments.address(), variables.address());
            if (error != 0) {
                throw new SysException(error, argv.get(0));
            }
            return new ChildProcess(pid.getInt(0));
        } finally {
            ACTIONS_DESTROY.call(actions.address());
            Reference.reachabilityFence(devNull);
            Reference.reachabilityFence(arguments);
            Reference.reachabilityFence(variables);
        }
    }

    private static List<String> environment(Map<String, String> added) {
        List<String> all = new ArrayList<>();
        System.getenv().forEach((name, value) -> {
            if (!added.containsKey(name)) {
                all.add(name + "=" + value);
            }
        });
        added.forEach((name, value) -> all.add(name + "=" + value));
        return all;
    }

    /** Waits for the end: the exit status, 128 + number after a signal, or -errno. */
    public int await() {
        NativeBuffer status = NativeBuffer.allocate(Integer.BYTES);
        for (int i = 0; i < EINTR_RETRIES; i++) {
            int result = WAITPID.callInt(pid, status.address(), 0);
            if (result >= 0) {
                int code = status.getInt(0);
                return (code & 0x7f) == 0 ? (code >> 8) & 0xff : 128 + (code & 0x7f);
            }
            if (result != -Errno.EINTR) {
                return result;
            }
        }
        return -Errno.EINTR;
    }

    /** A NULL-terminated array of C strings. */
    private static final class StringArray {
        private final List<NativeBuffer> strings = new ArrayList<>();
        private final NativeBuffer pointers;

        StringArray(List<String> values) {
            values.forEach(value -> strings.add(Libc.cString(value)));
            pointers = NativeBuffer.allocate((values.size() + 1) * Long.BYTES);
            for (int i = 0; i < strings.size(); i++) {
                pointers.putLong(i * Long.BYTES, strings.get(i).address());
            }
        }

        long address() {
            return pointers.address();
        }

        long string(int index) {
            return strings.get(index).address();
        }
    }
}
