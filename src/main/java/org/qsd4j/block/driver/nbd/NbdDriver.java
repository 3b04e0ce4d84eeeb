package org.qsd4j.block.driver.nbd;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsNbd;
import org.qsd4j.qapi.gen.SocketAddress;
import org.qsd4j.qom.ObjectRegistry;

/** Driver {@code nbd}. */
public final class NbdDriver implements BlockDriver {
    private static final String DEFAULT_CONTEXT = "base:allocation";

    private final ObjectRegistry objects;

    /** @param objects where TLS credentials are */
    public NbdDriver(ObjectRegistry objects) {
        this.objects = objects;
    }

    @Override
    public String formatName() {
        return "nbd";
    }

    @Override
    public boolean isProtocol() {
        return true;
    }

    @Override
    public Set<String> strongOptions() {
        return Set.of("server", "export", "tls-creds", "tls-hostname");
    }

    @Override
    public @Nullable ObjectNode parseFilename(String filename) {
        return NbdFilename.parse(filename);
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsNbd options = ((BlockdevOptions.Nbd) request.options()).u();
        String export = options.export() == null ? "" : options.export();
        String bitmap = options.xDirtyBitmap();
        if (isTooLong(export)) {
            throw QapiException.generic("export name too long to send to server");
        }
        if (bitmap != null && isTooLong(bitmap)) {
            throw QapiException.generic("x-dirty-bitmap query too long to send to server");
        }
        TlsOptions tls = tls(options);
        ServerAddress address = new ServerAddress(options.server());
        ServerLink link = ServerLink.open(
                new ServerOptions(address, tls, export, bitmap == null ? DEFAULT_CONTEXT : bitmap),
                seconds(options.openTimeout()),
                seconds(options.reconnectDelay()));
        boolean done = false;
        try {
            if (bitmap != null && link.info().contextId() < 0) {
                throw QapiException.generic("Could not open image: Invalid argument");
            }
            if (link.info().isReadOnly()) {
                request.applyAutoReadOnly("Could not open image: Permission denied");
            }
            BlockNode node = new NbdNode(request, link, address.uri(export));
            done = true;
            return node;
        } finally {
            if (!done) {
                link.close();
            }
        }
    }

    /** The connection stays, and what was asked of the server stays with it. */
    @Override
    public BlockNode reopen(OpenRequest request, BlockNode old) {
        if (!request.isReadOnly() && ((NbdNode) old).isServerReadOnly()) {
            throw QapiException.generic("Can't reopen read-only NBD mount as read/write");
        }
        return old;
    }

    private @Nullable TlsOptions tls(BlockdevOptionsNbd options) {
        String creds = options.tlsCreds();
        if (creds == null) {
            return null;
        }
        String hostname = options.tlsHostname();
        if (hostname == null && options.server() instanceof SocketAddress.Inet inet) {
            hostname = inet.u().host();
        }
        return new TlsOptions(objects.tlsCreds(creds, false), hostname);
    }

    private static boolean isTooLong(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length > Nbd.NBD_MAX_STRING_SIZE;
    }

    private static long seconds(@Nullable Long option) {
        return option == null ? 0 : option;
    }
}
