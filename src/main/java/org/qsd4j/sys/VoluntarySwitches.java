package org.qsd4j.sys;

/**
 * How often a thread has given its processor up because it had to wait: {@code ru_nvcsw} of getrusage(2). What the
 * scheduler takes away from a thread that could go on is not in it. For one thread.
 *
 * <p>struct rusage of x86-64: ru_nvcsw at 128; 144 bytes.
 */
public final class VoluntarySwitches {
    private static final int RUSAGE_THREAD = 1;
    private static final int RUSAGE_SIZE = 144;
    private static final int RU_NVCSW = 128;

    private static final NativeFunction GETRUSAGE = NativeFunction.of("getrusage", 2);

    private final NativeBuffer usage = NativeBuffer.allocate(RUSAGE_SIZE);

    /** Of the calling thread, since it began. */
    public long count() {
        GETRUSAGE.callInt(RUSAGE_THREAD, usage.address());
        return usage.getLong(RU_NVCSW);
    }
}
