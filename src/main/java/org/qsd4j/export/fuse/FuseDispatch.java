package org.qsd4j.export.fuse;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.qsd4j.aio.IoThreadConfined;
import org.qsd4j.aio.ThreadSafe;
import org.qsd4j.export.fuse.wire.FuseOpcode;
import org.qsd4j.sys.Errno;

/** Has requests answered, one after another, on a thread of any transport, and lets others see whether one is under way. */
@IoThreadConfined
final class FuseDispatch {
    private static final VarHandle BUSY;

    static {
        try {
            BUSY = MethodHandles.lookup().findVarHandle(FuseDispatch.class, "busy", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final FuseExport export;
    private final FuseOperations operations;

    /** Written by the transport's thread, read by the main loop. */
    @SuppressWarnings("unused") // through BUSY
    private boolean busy;

    FuseDispatch(FuseExport export) {
        this.export = export;
        this.operations = new FuseOperations(export);
    }

    @ThreadSafe
    boolean isBusy() {
        return (boolean) BUSY.getAcquire(this);
    }

    /** No client waits for what the kernel sends by itself: who has closed the file may delete the export at once. */
    private static boolean isClients(int opcode) {
        return opcode != FuseOpcode.FUSE_INIT && opcode != FuseOpcode.FUSE_RELEASE;
    }

    /** See {@link FuseOperations#handle}. A bug becomes EIO. */
    int handle(FuseRequest request) {
        BUSY.setRelease(this, isClients(request.opcode()));
        try {
            return operations.handle(request);
        } catch (Throwable t) {
            export.internalError(t);
            return -Errno.EIO;
        } finally {
            // Before the reply: a client that has it may delete the export.
            BUSY.setRelease(this, false);
        }
    }
}
