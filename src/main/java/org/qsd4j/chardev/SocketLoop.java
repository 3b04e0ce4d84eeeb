package org.qsd4j.chardev;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The thread that all socket chardevs share. It, and with it all of Netty, comes into being with the first of them: a
 * daemon without one doesn't pay for it. Main loop, apart from the loop itself.
 */
final class SocketLoop implements AutoCloseable {
    private static final long STOP_SECONDS = 1;

    private @Nullable MultiThreadIoEventLoopGroup group;

    static {
        // Each of these keeps Netty from work at start that a few control connections have no use for.
        setDefault("io.netty.allocator.type", "unpooled");
        setDefault("io.netty.leakDetection.level", "disabled");
        setDefault("io.netty.machineId", "02:00:00:00:00:01");
        setDefault("io.netty.processId", "1");
        setDefault("io.netty.osClassifiers", "");
        setDefault("io.netty.jfr.enabled", "false");
        setSelectorProvider();
        InternalLoggerFactory.setDefaultFactory(new NettyLogger.Factory());
    }

    /** Netty opens a selector of the JDK once; named here, its provider isn't looked for in every jar of the class path. */
    private static void setSelectorProvider() {
        String provider = "sun.nio.ch.EPollSelectorProvider";
        try {
            Class.forName(provider, false, null);
            setDefault("java.nio.channels.spi.SelectorProvider", provider);
        } catch (ClassNotFoundException e) {
            // Another JDK has another one, and looks for it.
            return;
        }
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    EventLoop get() {
        if (group == null) {
            group = new MultiThreadIoEventLoopGroup(1, SocketLoop::thread, EpollIoHandler.newFactory());
        }
        return (EventLoop) group.next();
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "chardev sockets");
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void close() {
        if (group != null) {
            group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS)
                    .awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
            group = null;
        }
    }
}
