package org.qsd4j.block.driver.luks;

import java.util.Arrays;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.Permission;
import org.qsd4j.block.PermissionPolicy;
import org.qsd4j.block.Permissions;
import org.qsd4j.crypto.BlockCrypto;
import org.qsd4j.crypto.HeaderSource;
import org.qsd4j.crypto.LuksVolume;
import org.qsd4j.crypto.Passphrase;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsLUKS;
import org.qsd4j.qapi.gen.BlockdevRef;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** Driver {@code luks}. QEMU: {@code block/crypto.c}. */
public final class LuksDriver implements BlockDriver {
    private static final int PROBE_SCORE = 100;

    /** The header changes only when a volume is made: whoever uses a volume needs of its file what its own users need. */
    private static final PermissionPolicy POLICY =
            (wanted, state) -> new Permissions(wanted.perm() | Permission.CONSISTENT_READ, wanted.shared());

    private final Function<String, byte[]> secrets;
    private final boolean locked;

    /** {@code secrets} gives a copy of a secret object's bytes, or throws QapiException; on the main loop. */
    public LuksDriver(Function<String, byte[]> secrets) {
        this(secrets, false);
    }

    private LuksDriver(Function<String, byte[]> secrets, boolean locked) {
        this.secrets = secrets;
        this.locked = locked;
    }

    /** A driver for those who only look at what a volume is: it needs no passphrase. QEMU: {@code BDRV_O_NO_IO}. */
    public static LuksDriver locked() {
        return new LuksDriver(Passphrase.NONE, true);
    }

    @Override
    public String formatName() {
        return "luks";
    }

    @Override
    public Set<String> strongOptions() {
        return Set.of("key-secret");
    }

    @Override
    public int probe(byte[] head) {
        return LuksVolume.probe(head) ? PROBE_SCORE : 0;
    }

    @Override
    public boolean supportsCreate() {
        return true;
    }

    @Override
    public Runnable create(BlockGraph graph, BlockdevCreateOptions options) {
        return () -> LuksCreation.create(graph, ((BlockdevCreateOptions.Luks) options).u(), secrets);
    }

    @Override
    public BlockNode open(OpenRequest request) {
        return open(request, null);
    }

    @Override
    public BlockNode reopen(OpenRequest request, BlockNode old) {
        return open(request, (LuksNode) old);
    }

    private BlockNode open(OpenRequest request, @Nullable LuksNode old) {
        BlockdevOptionsLUKS options = ((BlockdevOptions.Luks) request.options()).u();
        BlockChild file = request.openChild("file", options.file(), ChildRole.IMAGE, POLICY);
        BlockChild header = openHeader(request, options.header());
        BlockChild headerFile = header == null ? file : header;
        HeaderSource source = (offset, into) -> read(headerFile, offset, into);
        if (locked) {
            LuksVolume volume = LuksVolume.read(source, header != null);
            return node(request, file, header, volume, volume.locked());
        }
        if (old != null) {
            LuksVolume volume = LuksVolume.read(source, header != null);
            BlockCrypto shared = old.cryptoOf(volume);
            if (shared != null) {
                return node(request, file, header, volume, shared);
            }
        }
        byte[] passphrase = Passphrase.find("key-secret", options.keySecret(), secrets);
        try {
            LuksVolume volume = LuksVolume.read(source, header != null);
            return node(request, file, header, volume, volume.unlock(source, passphrase));
        } finally {
            Arrays.fill(passphrase, (byte) 0);
        }
    }

    private static BlockNode node(
            OpenRequest request, BlockChild file, @Nullable BlockChild header, LuksVolume volume, BlockCrypto crypto) {
        try {
            return new LuksNode(request, file, header, volume, crypto);
        } catch (QapiException e) {
            crypto.close();
            throw e;
        }
    }

    private static @Nullable BlockChild openHeader(OpenRequest request, @Nullable BlockdevRef header) {
        return header == null ? null : request.openChild("header", header, ChildRole.METADATA, POLICY);
    }

    private static int read(BlockChild file, long offset, byte[] into) {
        if (offset > BlockNode.MAX_LENGTH - into.length) {
            return -Errno.EIO;
        }
        NativeBuffer buffer = NativeBuffer.allocate(into.length);
        int result = file.read(offset, buffer, 0, into.length);
        buffer.get(0, into, 0, into.length);
        return result;
    }
}
