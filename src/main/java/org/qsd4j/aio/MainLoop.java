package org.qsd4j.aio;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The thread that owns the block graph, the registries and the jobs. QEMU: the main {@code AioContext}. Tasks run one
 * after another in the order in which they were posted.
 *
 * <p>The thread that calls {@link #run()} is the loop's; before that, the thread that constructed it, so that the command
 * line is worked off as if in the loop.
 */
public final class MainLoop implements Executor {
    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private volatile Thread thread = Thread.currentThread();
    private boolean stopped;

    /** Posts a task. Any thread. */
    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    /** Runs tasks until one of them calls {@link #stop()}. A task that throws ends the loop with its exception. */
    public void run() throws InterruptedException {
        thread = Thread.currentThread();
        stopped = false;
        while (!stopped) {
            tasks.take().run();
        }
    }

    /** Ends {@link #run()} after the current task. */
    @MainThread
    public void stop() {
        assertInLoop();
        stopped = true;
    }

    public boolean isInLoop() {
        return Thread.currentThread() == thread;
    }

    /** Fails, where assertions are on, outside the loop's thread. */
    public void assertInLoop() {
        assert isInLoop() : "called on " + Thread.currentThread() + " instead of the main loop's thread";
    }
}
