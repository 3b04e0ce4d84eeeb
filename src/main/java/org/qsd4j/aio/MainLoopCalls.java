package org.qsd4j.aio;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What other threads have the main loop do for them. Calls run in the order in which they came; so does what is posted.
 * They have a queue of their own beside the loop's, so that the loop can wait for somebody who needs it meanwhile, without
 * taking up commands that came in.
 */
@ThreadSafe
public final class MainLoopCalls {
    private final MainLoop loop;
    private final LinkedBlockingQueue<Runnable> pending = new LinkedBlockingQueue<>();

    public MainLoopCalls(MainLoop loop) {
        this.loop = loop;
    }

    /** Runs {@code work} in the loop and waits for it; at once if this is the loop. What it throws is thrown here. */
    public <T extends @Nullable Object> T call(Supplier<T> work) {
        if (loop.isInLoop()) {
            return work.get();
        }
        FutureTask<T> task = new FutureTask<>(work::get);
        post(task);
        return await(task);
    }

    /** The same without a result. */
    public void run(Runnable work) {
        call(() -> {
            work.run();
            return true;
        });
    }

    /** The loop runs it some time; the caller doesn't wait. */
    public void post(Runnable work) {
        pending.add(work);
        loop.execute(this::serveOne);
    }

    /** Serves nothing but these calls until {@code done} holds, which one of them makes true. */
    @MainThread
    public void serveUntil(BooleanSupplier done) {
        loop.assertInLoop();
        boolean interrupted = false;
        while (!done.getAsBoolean()) {
            try {
                pending.take().run();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void serveOne() {
        Runnable work = pending.poll();
        // Null: serveUntil was faster.
        if (work != null) {
            work.run();
        }
    }

    private static <T extends @Nullable Object> T await(FutureTask<T> task) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw thrown(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException thrown(@Nullable Throwable cause) {
        if (cause instanceof RuntimeException e) {
            return e;
        }
        if (cause instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(cause);
    }
}
