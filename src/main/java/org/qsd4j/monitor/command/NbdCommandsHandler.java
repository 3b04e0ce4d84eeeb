package org.qsd4j.monitor.command;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.export.BlockExport;
import org.qsd4j.export.BlockExports;
import org.qsd4j.export.nbd.NbdServer;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockDirtyBitmapOrStr;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockExportOptionsBase;
import org.qsd4j.qapi.gen.BlockExportOptionsNbd;
import org.qsd4j.qapi.gen.BlockExportRemoveMode;
import org.qsd4j.qapi.gen.BlockExportType;
import org.qsd4j.qapi.gen.NbdCommands;
import org.qsd4j.qapi.gen.NbdServerAddOptions;
import org.qsd4j.qapi.gen.NbdServerOptions;
import org.qsd4j.qapi.gen.NbdServerOptionsLegacy;
import org.qsd4j.qapi.gen.SocketAddress;
import org.qsd4j.qapi.gen.SocketAddressBase;
import org.qsd4j.qapi.gen.SocketAddressLegacy;

/** The commands of the NBD server. */
public final class NbdCommandsHandler implements NbdCommands {
    private final NbdServer server;
    private final BlockGraph graph;
    private final BlockExports exports;

    public NbdCommandsHandler(NbdServer server, BlockGraph graph, BlockExports exports) {
        this.server = server;
        this.graph = graph;
        this.exports = exports;
    }

    @Override
    public void nbdServerStart(NbdServerOptionsLegacy arg) {
        server.start(new NbdServerOptions(
                arg.handshakeMaxSeconds(), arg.tlsCreds(), arg.tlsAuthz(), arg.maxConnections(), flat(arg.addr())));
    }

    private static SocketAddress flat(SocketAddressLegacy address) {
        SocketAddressBase base = new SocketAddressBase(address.type());
        if (address instanceof SocketAddressLegacy.Inet inet) {
            return new SocketAddress.Inet(base, inet.u().data());
        }
        if (address instanceof SocketAddressLegacy.Unix unix) {
            return new SocketAddress.Unix(base, unix.u().data());
        }
        return new SocketAddress.Fd(base, ((SocketAddressLegacy.Fd) address).u().data());
    }

    /** The older command asks for less and is content with less: a read-only node is exported read-only. */
    @Override
    public void nbdServerAdd(NbdServerAddOptions arg) {
        String device = arg.device();
        boolean readOnly = graph.lookup(device, device).isReadOnly();
        boolean writable = Boolean.TRUE.equals(arg.writable()) && !readOnly;
        String name = arg.name() == null ? device : arg.name();
        List<BlockDirtyBitmapOrStr> bitmaps =
                arg.bitmap() == null ? null : List.of(new BlockDirtyBitmapOrStr.Local(arg.bitmap()));
        exports.add(new BlockExportOptions.Nbd(
                new BlockExportOptionsBase(BlockExportType.NBD, name, null, null, device, writable, null, null),
                new BlockExportOptionsNbd(name, arg.description(), bitmaps, null)));
    }

    @Override
    public void nbdServerRemove(String name, @Nullable BlockExportRemoveMode mode) {
        BlockExport export = exports.find(name);
        if (export != null && export.type() != BlockExportType.NBD) {
            throw QapiException.generic("Block export '%s' is not an NBD export", name);
        }
        exports.remove(name, mode);
    }

    @Override
    public void nbdServerStop() {
        server.stop(exports);
    }
}
