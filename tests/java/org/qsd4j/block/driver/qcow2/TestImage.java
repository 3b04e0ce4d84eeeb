package org.qsd4j.block.driver.qcow2;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.TestEdges;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.nullco.NullDriver;
import org.qsd4j.block.driver.qcow2.format.Qcow2Header;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevQcow2Encryption;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.NativeBuffer;

/** An image opened without a graph: the file below it and its node. */
final class TestImage implements AutoCloseable {
    final BlockNode file;
    final Qcow2Node node;
    final List<String> corruptions = new ArrayList<>();
    private final List<TestFileNode> below = new ArrayList<>();

    TestImage(BlockNode file, @Nullable BlockNode dataFile, @Nullable BlockNode backing, Qcow2Options options) {
        this(file, dataFile, backing, options, false);
    }

    private TestImage(
            BlockNode file,
            @Nullable BlockNode dataFile,
            @Nullable BlockNode backing,
            Qcow2Options options,
            boolean forRepair) {
        this.file = file;
        BlockChild fileEdge = TestEdges.of("file", file);
        ImageMetadata metadata = ImageMetadata.read(fileEdge, !options.readOnly() && !forRepair);
        BlockChild dataEdge = dataFile == null ? null : TestEdges.of("data-file", dataFile);
        ImageEncryption encryption = forRepair
                ? null
                : ImageEncryption.open(metadata, fileEdge, encryptOption(metadata), QemuTools.SECRETS, null);
        Qcow2Image image = new Qcow2Image(metadata, fileEdge, dataEdge, options, encryption, new Corruption.Listener() {
            @Override
            public void imageCorrupted(boolean fatal, String message, long offset, long size) {
                corruptions.add(message);
            }

            @Override
            public void failed(String message) {
                corruptions.add(message);
            }
        });
        if (!forRepair) {
            image.prepareForWriting();
        }
        if (backing != null) {
            image.setBacking(TestEdges.of("backing", backing));
        }
        this.node = new Qcow2Node(request(options.readOnly()), image);
    }

    private static @Nullable BlockdevQcow2Encryption encryptOption(ImageMetadata metadata) {
        long method = metadata.header().cryptMethod();
        if (method == Qcow2Header.CRYPT_NONE) {
            return null;
        }
        String json = "{'format':'" + (method == Qcow2Header.CRYPT_LUKS ? "luks" : "aes") + "','key-secret':'s'}";
        return BlockdevQcow2Encryption.visit(new JsonInputVisitor(TestGraph.json(json)), null);
    }

    static OpenRequest request(boolean readOnly) {
        NullDriver driver = NullDriver.nullCo();
        BlockdevOptions options = BlockdevOptions.visit(
                new JsonInputVisitor(JsonNodeFactory.instance.objectNode().put("driver", "null-co")), null);
        return TestEdges.request(driver, options, readOnly);
    }

    static TestImage forRepair(BlockNode file, boolean readOnly) {
        return new TestImage(file, null, null, Qcow2Options.defaults(readOnly), true);
    }

    static CreateOptions createOptions(long size, long clusterSize) {
        return new CreateOptions(
                size, 3, clusterSize, null, null, false, null, false, false, false, 16, false, null, PreallocMode.OFF);
    }

    static void create(Path path, CreateOptions options) throws IOException {
        NewImage image = new NewImage(options);
        NativeBuffer bytes = image.bytes();
        byte[] copy = new byte[bytes.capacity()];
        bytes.get(0, copy, 0, copy.length);
        Files.write(path, copy);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(image.length());
        }
    }

    static TestImage open(Path path, boolean readOnly) {
        return open(path, null, null, readOnly);
    }

    static TestImage open(Path path, @Nullable Path dataFile, @Nullable BlockNode backing, boolean readOnly) {
        TestFileNode file = new TestFileNode(path, readOnly);
        TestFileNode data = dataFile == null ? null : new TestFileNode(dataFile, readOnly);
        TestImage image = new TestImage(file, data, backing, Qcow2Options.defaults(readOnly));
        image.below.add(file);
        if (data != null) {
            image.below.add(data);
        }
        return image;
    }

    /** The whole disk, read in pieces of changing size. */
    byte[] contents() {
        byte[] all = new byte[(int) node.length()];
        NativeBuffer buffer = NativeBuffer.allocate(300_000);
        int step = 1;
        for (int done = 0; done < all.length; ) {
            int bytes = Math.min(step, all.length - done);
            int result = node.read(done, buffer, 0, bytes);
            if (result < 0) {
                throw new IllegalStateException("read at " + done + ": " + result);
            }
            buffer.get(0, all, done, bytes);
            done += bytes;
            step = step * 7 % 299_993 + 1;
        }
        return all;
    }

    @Override
    public void close() {
        node.doClose();
        for (TestFileNode closeable : below) {
            closeable.close();
        }
    }
}
