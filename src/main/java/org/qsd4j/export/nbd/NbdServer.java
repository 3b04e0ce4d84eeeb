package org.qsd4j.export.nbd;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainThread;
import org.qsd4j.export.BlockExports;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockExportType;
import org.qsd4j.qapi.gen.InetSocketAddress;
import org.qsd4j.qapi.gen.NbdServerOptions;
import org.qsd4j.qapi.gen.SocketAddress;
import org.qsd4j.qapi.gen.UnixSocketAddress;
import org.qsd4j.qom.ObjectRegistry;

/**
 * The one NBD server of the daemon, running or not. QEMU: {@code NBDServerData}. Exports can be added only while it runs,
 * and go when it stops.
 */
@MainThread
public final class NbdServer {
    private static final int DEFAULT_HANDSHAKE_SECONDS = 10;
    private static final int DEFAULT_MAX_CONNECTIONS = 100;

    /** The kernel cuts it down to its own limit. */
    private static final int BACKLOG = 4096;

    private static final long STOP_WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final ExportDirectory directory = new ExportDirectory();
    private final ObjectRegistry objects;
    private final Consumer<String> report;
    private @Nullable NbdListener listener;

    /**
     * @param objects where TLS credentials and authorization are
     * @param report told about clients that TLS keeps out; any thread
     */
    public NbdServer(ObjectRegistry objects, Consumer<String> report) {
        this.objects = objects;
        this.report = report;
    }

    /**
     * Starts to listen. QEMU: {@code nbd_server_start}.
     *
     * @throws QapiException if it runs already or the address can't be had
     */
    public void start(NbdServerOptions options) {
        if (listener != null) {
            throw QapiException.generic("NBD server already running");
        }
        String tlsCreds = options.tlsCreds();
        TlsGate gate = tlsCreds == null
                ? null
                : new TlsGate(objects.tlsCreds(tlsCreds, true), options.tlsAuthz(), objects, report);
        listener = new NbdListener(
                listen(options.addr()),
                directory,
                gate,
                limit(options.handshakeMaxSeconds(), DEFAULT_HANDSHAKE_SECONDS),
                limit(options.maxConnections(), DEFAULT_MAX_CONNECTIONS));
    }

    /** What an int can't hold is as good as no limit. */
    private static int limit(@Nullable Long option, int byDefault) {
        return option == null ? byDefault : (int) Math.min(option, Integer.MAX_VALUE);
    }

    private static ListeningSockets listen(SocketAddress address) {
        if (address instanceof SocketAddress.Unix unix) {
            UnixSocketAddress u = unix.u();
            return ListeningSockets.unix(
                    u.path(), Boolean.TRUE.equals(u.abstract_()), !Boolean.FALSE.equals(u.tight()), BACKLOG);
        }
        if (address instanceof SocketAddress.Inet inet) {
            InetSocketAddress u = inet.u();
            return ListeningSockets.inet(u.host(), u.port(), u.to(), u.ipv4(), u.ipv6(), BACKLOG);
        }
        throw QapiException.generic("only QEMU supports file descriptor passing");
    }

    /**
     * Stops listening, cuts the clients off and deletes the exports. QEMU: {@code nbd_server_stop}.
     *
     * @throws QapiException if it isn't running
     */
    public void stop(BlockExports exports) {
        NbdListener running = listener;
        if (running == null) {
            throw QapiException.generic("NBD server not running");
        }
        running.stop();
        exports.closeAll(BlockExportType.NBD, STOP_WAIT_NANOS);
        listener = null;
    }

    /** Like {@link #stop}, at the daemon's end: the exports are gone already, and it may not be running at all. */
    public void shutDown() {
        if (listener != null) {
            listener.stop();
            listener = null;
        }
    }

    /**
     * Where clients find the server, as host:port or a path.
     *
     * @throws QapiException if it isn't running
     */
    public String address() {
        return running().description();
    }

    NbdListener running() {
        if (listener == null) {
            throw QapiException.generic("NBD server not running");
        }
        return listener;
    }

    ExportDirectory directory() {
        return directory;
    }
}
