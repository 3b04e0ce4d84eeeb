package org.qsd4j.block.driver.luks;

import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.Permission;
import org.qsd4j.crypto.BlockCrypto;
import org.qsd4j.crypto.NewLuksVolume;
import org.qsd4j.crypto.Passphrase;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevCreateOptionsLUKS;
import org.qsd4j.qapi.gen.BlockdevRef;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.qapi.gen.QCryptoBlockCreateOptionsLUKS;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** {@code blockdev-create} with driver luks, on any thread. QEMU: {@code block_crypto_co_create_luks}. */
final class LuksCreation {
    private final BlockGraph graph;
    private final BlockdevCreateOptionsLUKS options;
    private final NewLuksVolume volume;

    private LuksCreation(BlockGraph graph, BlockdevCreateOptionsLUKS options) {
        this.graph = graph;
        this.options = options;
        this.volume = new NewLuksVolume(
                new QCryptoBlockCreateOptionsLUKS(
                        options.keySecret(),
                        options.cipherAlg(),
                        options.cipherMode(),
                        options.ivgenAlg(),
                        options.ivgenHashAlg(),
                        options.hashAlg(),
                        options.iterTime()),
                options.header() != null);
    }

    static void create(BlockGraph graph, BlockdevCreateOptionsLUKS options, Function<String, byte[]> secrets) {
        if (options.file() == null && options.header() == null) {
            throw QapiException.generic("Either the parameter 'header' or 'file' must be specified");
        }
        new LuksCreation(graph, options).create(secrets);
    }

    private void create(Function<String, byte[]> secrets) {
        BlockBackend header = open(options.header());
        try {
            BlockBackend file = open(options.file());
            try {
                create(secrets, header, file);
            } finally {
                close(file);
            }
        } finally {
            close(header);
        }
    }

    private void create(Function<String, byte[]> secrets, @Nullable BlockBackend header, @Nullable BlockBackend file) {
        byte[] passphrase =
                graph.mainLoopCalls().call(() -> Passphrase.find("key-secret", options.keySecret(), secrets));
        try {
            create(passphrase, header, file);
        } finally {
            Arrays.fill(passphrase, (byte) 0);
        }
    }

    private @Nullable BlockBackend open(@Nullable BlockdevRef node) {
        return node == null
                ? null
                : graph.mainLoopCalls()
                        .call(() -> graph.newBackend(node, Permission.WRITE | Permission.RESIZE, Permission.ALL));
    }

    private void close(@Nullable BlockBackend backend) {
        if (backend != null) {
            graph.mainLoopCalls().run(backend::close);
        }
    }

    private void create(byte[] passphrase, @Nullable BlockBackend header, @Nullable BlockBackend file) {
        long headerLength = volume.headerLength();
        long before = header == null ? headerLength : 0;
        if (options.size() < 0 || options.size() > Long.MAX_VALUE - before) {
            throw QapiException.withErrno(Errno.EFBIG, "The requested file size is too large");
        }
        byte[] bytes = volume.make(passphrase);
        if (file != null) {
            file.truncate(before + options.size(), false, preallocation(), 0);
        }
        if (header != null) {
            header.truncate(headerLength, false, PreallocMode.OFF, 0);
            write(header, bytes);
        } else if (file != null) {
            write(file, bytes);
        }
    }

    private PreallocMode preallocation() {
        PreallocMode mode = options.preallocation();
        return mode == null || mode == PreallocMode.METADATA ? PreallocMode.OFF : mode;
    }

    /** The first sector comes last: before it there is no volume, after it a whole one. */
    private void write(BlockBackend target, byte[] bytes) {
        NativeBuffer buffer = NativeBuffer.allocate(bytes.length);
        buffer.put(0, bytes, 0, bytes.length);
        int first = BlockCrypto.SECTOR;
        int result = target.writeZeroes(0, volume.headerLength(), 0);
        if (result == 0) {
            result = target.write(first, buffer, first, bytes.length - first, 0);
        }
        if (result == 0) {
            result = target.flush();
        }
        if (result == 0) {
            result = target.write(0, buffer, 0, first, 0);
        }
        if (result == 0) {
            result = target.flush();
        }
        if (result < 0) {
            throw QapiException.fromErrno(result, "Unable to write LUKS header");
        }
    }
}
