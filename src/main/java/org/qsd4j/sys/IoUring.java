package org.qsd4j.sys;

import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;

/**
 * An io_uring(7) with 128-byte submission entries, driven by one thread. It is made disabled on any thread; the one that
 * calls {@link #enable} owns it from then on and makes all other calls, {@link #close} included. Completions are brought
 * in only by that thread's own {@link #enter}.
 *
 * <pre>
 * submission entry: 0 opcode u8  1 flags u8  4 fd s32  8 off u64 / cmd_op u32  16 addr u64  24 len u32
 *                  28 poll32_events u32  32 user_data u64  48 cmd u8[80]
 * completion:       0 user_data u64  8 res s32  12 flags u32
 * </pre>
 */
public final class IoUring implements AutoCloseable {
    /** Where a command of the file's own begins in a submission entry. */
    public static final int SQE_CMD = 48;

    private static final int SYS_IO_URING_SETUP = 425;
    private static final int SYS_IO_URING_ENTER = 426;
    private static final int SYS_IO_URING_REGISTER = 427;

    private static final int IORING_SETUP_CQSIZE = 1 << 3;
    private static final int IORING_SETUP_R_DISABLED = 1 << 6;
    private static final int IORING_SETUP_COOP_TASKRUN = 1 << 8;
    private static final int IORING_SETUP_TASKRUN_FLAG = 1 << 9;
    private static final int IORING_SETUP_SQE128 = 1 << 10;
    private static final int IORING_SETUP_SINGLE_ISSUER = 1 << 12;
    private static final int IORING_SETUP_DEFER_TASKRUN = 1 << 13;
    private static final int SETUP_FLAGS = IORING_SETUP_CQSIZE
            | IORING_SETUP_R_DISABLED
            | IORING_SETUP_COOP_TASKRUN
            | IORING_SETUP_TASKRUN_FLAG
            | IORING_SETUP_SQE128
            | IORING_SETUP_SINGLE_ISSUER
            | IORING_SETUP_DEFER_TASKRUN;

    private static final int IORING_FEAT_SINGLE_MMAP = 1;
    private static final int IORING_ENTER_GETEVENTS = 1;
    private static final int IORING_REGISTER_FILES = 2;
    private static final int IORING_REGISTER_ENABLE_RINGS = 12;
    private static final int IORING_SQ_TASKRUN = 1 << 2;
    private static final long IORING_OFF_SQES = 0x1000_0000L;

    private static final byte IORING_OP_POLL_ADD = 6;
    private static final byte IORING_OP_TIMEOUT = 11;
    private static final byte IORING_OP_READ = 22;
    private static final byte IORING_OP_URING_CMD = 46;
    private static final byte IOSQE_FIXED_FILE = 1;
    private static final int POLLIN = 1;

    /** struct io_uring_params: the sizes, the features, then where the rings' words lie. */
    private static final int PARAMS_SIZE = 120;

    private static final int PARAMS_SQ_ENTRIES = 0;
    private static final int PARAMS_CQ_ENTRIES = 4;
    private static final int PARAMS_FLAGS = 8;
    private static final int PARAMS_FEATURES = 20;
    private static final int PARAMS_SQ_TAIL = 44;
    private static final int PARAMS_SQ_FLAGS = 56;
    private static final int PARAMS_SQ_ARRAY = 64;
    private static final int PARAMS_CQ_HEAD = 80;
    private static final int PARAMS_CQ_TAIL = 84;
    private static final int PARAMS_CQ_CQES = 100;

    private static final int SQE_SIZE = 128;
    private static final int SQE_OPCODE = 0;
    private static final int SQE_FLAGS = 1;
    private static final int SQE_FD = 4;
    private static final int SQE_CMD_OP = 8;
    private static final int SQE_ADDR = 16;
    private static final int SQE_LEN = 24;
    private static final int SQE_POLL_EVENTS = 28;
    private static final int SQE_USER_DATA = 32;
    private static final int CQE_SIZE = 16;
    private static final int CQE_RES = 8;

    private static final NativeFunction SYSCALL = NativeFunction.of("syscall", 6);

    private final int fd;
    private final MappedMemory ringMemory;
    private final MappedMemory entryMemory;
    private final NativeBuffer ring;
    private final NativeBuffer entries;
    private final NativeBuffer timespec = NativeBuffer.allocate(16);
    private final NativeBuffer eventCount = NativeBuffer.allocate(Long.BYTES);

    private final int sqMask;
    private final int sqTailAt;
    private final int sqFlagsAt;
    private final int cqMask;
    private final int cqHeadAt;
    private final int cqTailAt;
    private final int cqesAt;

    private int sqTail;
    private int submitted;
    private int cqHead;

    private IoUring(int fd, NativeBuffer params) throws SysException {
        this.fd = fd;
        int sqEntries = params.getInt(PARAMS_SQ_ENTRIES);
        int cqEntries = params.getInt(PARAMS_CQ_ENTRIES);
        int sqArrayAt = params.getInt(PARAMS_SQ_ARRAY);
        this.sqMask = sqEntries - 1;
        this.cqMask = cqEntries - 1;
        this.sqTailAt = params.getInt(PARAMS_SQ_TAIL);
        this.sqFlagsAt = params.getInt(PARAMS_SQ_FLAGS);
        this.cqHeadAt = params.getInt(PARAMS_CQ_HEAD);
        this.cqTailAt = params.getInt(PARAMS_CQ_TAIL);
        this.cqesAt = params.getInt(PARAMS_CQ_CQES);
        int ringBytes = Math.max(sqArrayAt + sqEntries * Integer.BYTES, cqesAt + cqEntries * CQE_SIZE);
        this.ringMemory = MappedMemory.mapShared(fd, ringBytes, 0);
        try {
            this.entryMemory = MappedMemory.mapShared(fd, sqEntries * SQE_SIZE, IORING_OFF_SQES);
        } catch (SysException e) {
            ringMemory.unmap();
            throw e;
        }
        this.ring = ringMemory.buffer();
        this.entries = entryMemory.buffer();
        for (int i = 0; i < sqEntries; i++) {
            ring.putInt(sqArrayAt + i * Integer.BYTES, i);
        }
    }

    /**
     * Makes a ring for so many operations at the same time.
     *
     * @param file becomes the one that {@link #command} speaks to, whatever happens to the descriptor
     * @throws SysException if the kernel lacks it or forbids it; 6.1 has all that is needed
     */
    public static IoUring create(int operations, int file) throws SysException {
        NativeBuffer params = NativeBuffer.allocate(PARAMS_SIZE);
        params.putInt(PARAMS_CQ_ENTRIES, 2 * operations);
        params.putInt(PARAMS_FLAGS, SETUP_FLAGS);
        int fd;
        try {
            fd = SysException.check(
                    (int) SYSCALL.call(SYS_IO_URING_SETUP, operations, params.address(), 0, 0, 0), "io_uring_setup");
        } finally {
            Reference.reachabilityFence(params);
        }
        try {
            if ((params.getInt(PARAMS_FEATURES) & IORING_FEAT_SINGLE_MMAP) == 0) {
                throw new SysException(Errno.ENOSYS, "io_uring_setup");
            }
            registerFile(fd, file);
            return new IoUring(fd, params);
        } catch (SysException e) {
            Libc.close(fd);
            throw e;
        }
    }

    private static void registerFile(int fd, int file) throws SysException {
        NativeBuffer files = NativeBuffer.allocate(Integer.BYTES);
        files.putInt(0, file);
        try {
            SysException.check(
                    (int) SYSCALL.call(SYS_IO_URING_REGISTER, fd, IORING_REGISTER_FILES, files.address(), 1, 0),
                    "io_uring_register");
        } finally {
            Reference.reachabilityFence(files);
        }
    }

    /** Makes it the calling thread's. */
    public void enable() throws SysException {
        SysException.check(
                (int) SYSCALL.call(SYS_IO_URING_REGISTER, fd, IORING_REGISTER_ENABLE_RINGS, 0, 0, 0),
                "io_uring_register");
    }

    /** Memory of the submission entries; {@link #command} says where in it the command's own part is. */
    public NativeBuffer entries() {
        return entries;
    }

    /**
     * Prepares a command to the file; it goes out with the next {@link #enter}. The caller never has more operations
     * under way than the ring was made for.
     *
     * @return where the entry is in {@link #entries}; its {@link #SQE_CMD} part is zeroes, to be filled in
     */
    public int command(int cmdOp, long address, int length, long userData) {
        int at = prepare(IORING_OP_URING_CMD, 0, userData);
        entries.putByte(at + SQE_FLAGS, IOSQE_FIXED_FILE);
        entries.putInt(at + SQE_CMD_OP, cmdOp);
        entries.putLong(at + SQE_ADDR, address);
        entries.putInt(at + SQE_LEN, length);
        return at;
    }

    /** Prepares to look out for input on a descriptor, once. */
    public void pollOnce(int watched, long userData) {
        int at = prepare(IORING_OP_POLL_ADD, watched, userData);
        entries.putInt(at + SQE_POLL_EVENTS, POLLIN);
    }

    /** Prepares to wait until an {@link EventFd} is set, and to take that back. One at a time. */
    public void awaitEvent(EventFd event, long userData) {
        int at = prepare(IORING_OP_READ, event.fd(), userData);
        entries.putLong(at + SQE_ADDR, eventCount.address());
        entries.putInt(at + SQE_LEN, Long.BYTES);
    }

    /** Prepares an alarm. One at a time. */
    public void alarm(long seconds, long userData) {
        timespec.putLong(0, seconds);
        int at = prepare(IORING_OP_TIMEOUT, -1, userData);
        entries.putLong(at + SQE_ADDR, timespec.address());
        entries.putInt(at + SQE_LEN, 1);
    }

    private int prepare(byte opcode, int descriptor, long userData) {
        int at = (sqTail & sqMask) * SQE_SIZE;
        for (int i = 0; i < SQE_SIZE; i += Long.BYTES) {
            entries.putLong(at + i, 0);
        }
        entries.putByte(at + SQE_OPCODE, opcode);
        entries.putInt(at + SQE_FD, descriptor);
        entries.putLong(at + SQE_USER_DATA, userData);
        sqTail++;
        return at;
    }

    /** How many prepared operations have not gone out yet. */
    public int prepared() {
        return sqTail - submitted;
    }

    /**
     * Hands over what is prepared, brings completions in, and sleeps until there are {@code minComplete}.
     *
     * @return 0 or -errno; after EINTR and the like another call goes on where this one stopped
     */
    public int enter(int minComplete) {
        VarHandle.releaseFence();
        ring.putInt(sqTailAt, sqTail);
        long result = SYSCALL.call(SYS_IO_URING_ENTER, fd, sqTail - submitted, minComplete, IORING_ENTER_GETEVENTS, 0);
        if (result < 0) {
            return (int) result;
        }
        submitted += (int) result;
        return 0;
    }

    /** Whether a completion is there. */
    public boolean hasCompletion() {
        int tail = ring.getInt(cqTailAt);
        VarHandle.acquireFence();
        return tail != cqHead;
    }

    /** Whether {@link #enter} would find something to do; costs no system call. */
    public boolean hasWork() {
        boolean work = (ring.getInt(sqFlagsAt) & IORING_SQ_TASKRUN) != 0 || ring.getInt(cqTailAt) != cqHead;
        VarHandle.acquireFence();
        return work;
    }

    /** What the operation whose completion is next was prepared with. */
    public long userData() {
        return ring.getLong(cqesAt + (cqHead & cqMask) * CQE_SIZE);
    }

    /** What it returned. */
    public int result() {
        return ring.getInt(cqesAt + (cqHead & cqMask) * CQE_SIZE + CQE_RES);
    }

    /** Done with the completion. */
    public void advance() {
        cqHead++;
        VarHandle.releaseFence();
        ring.putInt(cqHeadAt, cqHead);
    }

    /** What is under way is cancelled. */
    @Override
    public void close() {
        Libc.close(fd);
        entryMemory.unmap();
        ringMemory.unmap();
    }
}
