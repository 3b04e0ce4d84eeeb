package org.qsd4j.block.driver.qcow2;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.ImageNames;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.crypto.Passphrase;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsQcow2;
import org.qsd4j.qapi.gen.QapiEvents;

/**
 * Driver {@code qcow2}: a thin, growing image with backing files. QEMU: {@code qcow2.c}.
 *
 * <p>The only state is what is being opened right now, by which a backing chain that leads back into itself is found.
 */
public final class Qcow2Driver implements BlockDriver {
    private final Consumer<String> report;
    private final Consumer<QapiEvent> events;
    private final Function<String, byte[]> secrets;
    private final Purpose purpose;
    private final Set<String> opening = new HashSet<>();

    private enum Purpose {
        USE,
        REPAIR,
        LOOK
    }

    /**
     * @param report takes, from any thread, what is to be said about an image that turns out corrupt; so does the next
     * @param secrets gives a copy of a secret object's bytes, or throws QapiException; on the main loop
     */
    public Qcow2Driver(Consumer<String> report, Consumer<QapiEvent> events, Function<String, byte[]> secrets) {
        this(report, events, secrets, Purpose.USE);
    }

    private Qcow2Driver(
            Consumer<String> report, Consumer<QapiEvent> events, Function<String, byte[]> secrets, Purpose purpose) {
        this.report = report;
        this.events = events;
        this.secrets = secrets;
        this.purpose = purpose;
    }

    /**
     * A driver for {@link ImageCheck}: it opens images for writing that it otherwise would not, and changes nothing. Nobody
     * reads the guest's data there, so that encrypted images need no passphrase.
     */
    public static Qcow2Driver forRepair(Consumer<String> report) {
        return new Qcow2Driver(report, event -> {}, Passphrase.NONE, Purpose.REPAIR);
    }

    /**
     * A driver for those who only look at what an image is: it needs neither a passphrase nor the other files that the image
     * names. QEMU: {@code BDRV_O_NO_IO}, {@code BDRV_O_NO_BACKING}.
     */
    public static Qcow2Driver locked(Consumer<String> report) {
        return new Qcow2Driver(report, event -> {}, Passphrase.NONE, Purpose.LOOK);
    }

    @Override
    public String formatName() {
        return "qcow2";
    }

    @Override
    public Set<String> strongOptions() {
        return Set.of("encrypt.key-secret");
    }

    @Override
    public boolean supportsBacking() {
        return true;
    }

    @Override
    public int probe(byte[] head) {
        boolean magic = head.length >= 8
                && new String(head, 0, 4, StandardCharsets.ISO_8859_1).equals("QFI\u00fb")
                && head[4] == 0
                && head[5] == 0
                && head[6] == 0
                && head[7] >= 2;
        return magic ? 100 : 0;
    }

    @Override
    public Set<String> mutableOptions() {
        return Set.of(
                "lazy-refcounts",
                "pass-discard-request",
                "pass-discard-snapshot",
                "pass-discard-other",
                "discard-no-unref",
                "overlap-check",
                "cache-size",
                "l2-cache-size",
                "l2-cache-entry-size",
                "refcount-cache-size",
                "cache-clean-interval");
    }

    @Override
    public boolean supportsCreate() {
        return true;
    }

    @Override
    public Runnable create(BlockGraph graph, BlockdevCreateOptions options) {
        return () -> CreateRequest.create(graph, ((BlockdevCreateOptions.Qcow2) options).u(), secrets);
    }

    @Override
    public BlockNode open(OpenRequest request) {
        return open(request, null);
    }

    @Override
    public BlockNode reopen(OpenRequest request, BlockNode old) {
        return open(request, ((Qcow2Node) old).encryption());
    }

    private BlockNode open(OpenRequest request, @Nullable ImageEncryption unlocked) {
        BlockdevOptionsQcow2 options = ((BlockdevOptions.Qcow2) request.options()).u();
        BlockChild file = request.openChild("file", options.file(), ChildRole.IMAGE);
        String name = file.node().locatingFilename();
        if (name != null && !opening.add(name)) {
            throw QapiException.generic("The backing chain of '%s' leads back to it", name);
        }
        try {
            return open(request, options, file, name, unlocked);
        } finally {
            opening.remove(name);
        }
    }

    private BlockNode open(
            OpenRequest request,
            BlockdevOptionsQcow2 options,
            BlockChild file,
            @Nullable String imageName,
            @Nullable ImageEncryption unlocked) {
        ImageMetadata metadata = ImageMetadata.read(file, !request.isReadOnly() && purpose != Purpose.REPAIR);
        Qcow2Options settled = OptionsReader.read(options, request.flags(), metadata.header());
        BlockChild dataFile = purpose == Purpose.LOOK ? null : openDataFile(request, options, metadata, imageName);
        if (dataFile != null) {
            file.dropDataRole();
        }
        ImageEncryption encryption = switch (purpose) {
            case USE -> ImageEncryption.open(metadata, file, options.encrypt(), secrets, unlocked);
            case REPAIR -> null;
            case LOOK -> ImageEncryption.look(metadata, file);
        };
        try {
            return open(
                    request,
                    options,
                    imageName,
                    new Qcow2Image(metadata, file, dataFile, settled, encryption, corruptionListener(request)));
        } catch (QapiException e) {
            if (encryption != null) {
                encryption.crypto().close();
            }
            throw e;
        }
    }

    private BlockNode open(
            OpenRequest request, BlockdevOptionsQcow2 options, @Nullable String imageName, Qcow2Image image) {
        ImageMetadata metadata = image.metadata;
        if (purpose != Purpose.REPAIR) {
            image.prepareForWriting();
        }
        String recorded = metadata.backingFile();
        String backingName = recorded == null ? null : ImageNames.resolve(imageName, recorded);
        String backingFormat = metadata.extensions().backingFormat();
        image.setBackingName(backingName);
        if (purpose != Purpose.LOOK) {
            image.setBacking(request.openBackingOfKnownFormat(options.backing(), backingName, backingFormat));
        }
        return new Qcow2Node(request, image);
    }

    private static @Nullable BlockChild openDataFile(
            OpenRequest request, BlockdevOptionsQcow2 options, ImageMetadata metadata, @Nullable String imageName) {
        if (!metadata.header().hasDataFile()) {
            if (options.dataFile() != null) {
                request.openChild("data-file", options.dataFile(), ChildRole.DATA);
                throw QapiException.generic("'data-file' can only be set for images with an external data file");
            }
            return null;
        }
        if (options.dataFile() != null) {
            return request.openChild("data-file", options.dataFile(), ChildRole.DATA);
        }
        String name = metadata.extensions().dataFile();
        if (name == null) {
            throw QapiException.generic("'data-file' is required for this image");
        }
        return request.openFileChild("data-file", ImageNames.resolve(imageName, name), null, ChildRole.DATA);
    }

    private Corruption.Listener corruptionListener(OpenRequest request) {
        String nodeName = request.nodeName();
        return new Corruption.Listener() {
            @Override
            public void imageCorrupted(boolean fatal, String message, long offset, long size) {
                report.accept(
                        fatal
                                ? "qcow2: Marking image as corrupt: " + message
                                        + "; further corruption events will be suppressed"
                                : "qcow2: Image is corrupt: " + message
                                        + "; further non-fatal corruption events will be suppressed");
                events.accept(QapiEvents.blockImageCorrupted(
                        "", nodeName, message, offset < 0 ? null : offset, size < 0 ? null : size, fatal));
            }

            @Override
            public void failed(String message) {
                report.accept(message);
            }
        };
    }
}
