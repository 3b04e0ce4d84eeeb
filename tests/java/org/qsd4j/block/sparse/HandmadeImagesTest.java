package org.qsd4j.block.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestGraph;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.RealTools;

/** Formats that no tool here makes: images put together from their descriptions, which the real qemu-img reads alike. */
class HandmadeImagesTest {
    private static final int SECTOR = 512;

    @TempDir
    Path dir;

    private void expect(String format, byte[] image, byte[] contents) throws Exception {
        Path file = Files.write(dir.resolve("image"), image);
        Path real = dir.resolve("real");
        RealTools.Result result =
                RealTools.run("qemu-img", "convert", "-f", format, "-O", "raw", file.toString(), real.toString());
        assertThat(result.exitCode()).as(result.output()).isZero();
        assertThat(Files.readAllBytes(real)).isEqualTo(contents);
        try (TestGraph graph = Formats.graph()) {
            assertThat(Formats.contents(graph.add(Formats.definition(format, file, ""))))
                    .isEqualTo(contents);
        }
    }

    private static byte[] random(int bytes) {
        byte[] contents = new byte[bytes];
        new Random(bytes).nextBytes(contents);
        return contents;
    }

    private static byte[] zlib(byte[] contents) {
        Deflater deflater = new Deflater();
        deflater.setInput(contents);
        deflater.finish();
        byte[] out = new byte[contents.length + 1024];
        return Arrays.copyOf(out, deflater.deflate(out));
    }

    @Test
    void cloop() throws Exception {
        byte[] contents = random(5 * 4096);
        Arrays.fill(contents, 4096, 3 * 4096, (byte) 9);
        expect("cloop", cloop(contents, 4096), contents);
    }

    private static byte[] cloop(byte[] contents, int blockSize) {
        int blocks = contents.length / blockSize;
        ByteBuffer table = ByteBuffer.allocate(136 + (blocks + 1) * 8);
        table.position(128);
        table.putInt(blockSize).putInt(blocks);
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (int i = 0; i < blocks; i++) {
            table.putLong(table.capacity() + data.size());
            data.writeBytes(zlib(Arrays.copyOfRange(contents, i * blockSize, (i + 1) * blockSize)));
        }
        table.putLong(table.capacity() + data.size());
        return join(table.array(), data.toByteArray());
    }

    @Test
    void cloopRefusals() throws Exception {
        byte[] image = cloop(random(4096), 4096);
        ByteBuffer.wrap(image).putInt(128, 513);
        expectRefusal("cloop", image, "block_size 513 must be a multiple of 512");
        ByteBuffer.wrap(image).putInt(128, 0);
        expectRefusal("cloop", image, "block_size cannot be zero");
        ByteBuffer.wrap(image).putInt(128, 512 << 20);
        expectRefusal("cloop", image, "block_size 536870912 must be 64 MB or less");
        ByteBuffer.wrap(image).putInt(128, 4096).putInt(132, -1);
        expectRefusal("cloop", image, "n_blocks 4294967295 must be 536870911 or less");
        ByteBuffer.wrap(image).putInt(132, 1).putLong(144, 1);
        expectRefusal("cloop", image, "offsets not monotonically increasing at index 1, image file is corrupt");
        ByteBuffer.wrap(image).putLong(144, 1L << 40);
        expectRefusal("cloop", image, "invalid compressed block size at index 1, image file is corrupt");
    }

    /** The real driver gives EIO for that cluster, and so do we: what lies there is nobody's. */
    @Test
    void qcowClusterOffTheSectorsCannotBeRead() throws Exception {
        Path file = dir.resolve("image");
        assertThat(RealTools.run("qemu-img", "create", "-q", "-f", "qcow", file.toString(), "1M")
                        .exitCode())
                .isZero();
        byte[] image = Arrays.copyOf(Files.readAllBytes(file), 64 << 10);
        long table = 4096;
        ByteBuffer.wrap(image).putLong(48, table).putLong((int) table, 8192 + 256);
        Files.write(file, image);
        RealTools.Result real = RealTools.run("qemu-io", "-r", "-f", "qcow", "-c", "read 0 512", file.toString());
        assertThat(real.output()).contains("Input/output error");
        try (TestGraph graph = Formats.graph()) {
            BlockNode node = graph.add(Formats.definition("qcow", file, ""));
            NativeBuffer buffer = NativeBuffer.allocate(SECTOR);
            assertThat(node.read(0, buffer, 0, SECTOR)).isEqualTo(-Errno.EIO);
            assertThat(node.read(1 << 19, buffer, 0, SECTOR)).isZero();
        }
    }

    private void expectRefusal(String format, byte[] image, String message) throws Exception {
        Path file = Files.write(dir.resolve("image"), image);
        RealTools.Result real = RealTools.run("qemu-img", "info", "-f", format, file.toString());
        assertThat(real.output()).contains(message);
        try (TestGraph graph = Formats.graph()) {
            assertThatThrownBy(() -> graph.add(Formats.definition(format, file, "")))
                    .hasMessage(message);
        }
    }

    @Test
    void bochs() throws Exception {
        int extentSize = 4096;
        byte[] contents = new byte[4 * extentSize];
        byte[] data = random(2 * SECTOR);
        System.arraycopy(data, 0, contents, 2 * extentSize + 3 * SECTOR, data.length);
        byte[] image = new byte[512 + 4 * 4 + 512 + extentSize];
        ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        header.put(0, "Bochs Virtual HD Image".getBytes(StandardCharsets.US_ASCII));
        header.put(32, "Redolog".getBytes(StandardCharsets.US_ASCII));
        header.put(48, "Growing".getBytes(StandardCharsets.US_ASCII));
        header.putInt(64, 0x00020000)
                .putInt(68, 512)
                .putInt(72, 4)
                .putInt(76, 512)
                .putInt(80, extentSize);
        header.putLong(88, contents.length);
        header.putInt(512, -1).putInt(516, -1).putInt(520, 0).putInt(524, -1);
        header.put(528, (byte) 0b11000);
        System.arraycopy(data, 0, image, 528 + 512 + 3 * SECTOR, data.length);
        expect("bochs", image, contents);
        header.putInt(80, 511);
        expectRefusal("bochs", image, "Extent size must be at least 512");
        header.putInt(80, 1536);
        expectRefusal("bochs", image, "Extent size 1536 is not a power of two");
        header.putInt(80, 512);
        expectRefusal("bochs", image, "Catalog size is too small for this disk size");
        header.putInt(72, 0x100001);
        expectRefusal("bochs", image, "Catalog size is too large");
    }

    @Test
    void dmg() throws Exception {
        byte[] raw = random(3 * SECTOR);
        byte[] packed = random(8 * SECTOR);
        byte[] compressed = zlib(packed);
        byte[] contents = join(raw, new byte[5 * SECTOR], packed);
        ByteBuffer mish = ByteBuffer.allocate(204 + 4 * 40);
        mish.putInt(0, 0x6d697368).putLong(16, 16).putInt(200, 4);
        chunk(mish, 0, 1, 0, 3, 0, raw.length);
        chunk(mish, 1, 2, 3, 5, 0, 0);
        chunk(mish, 2, 0x80000005, 8, 8, raw.length, compressed.length);
        chunk(mish, 3, -1, 16, 0, 0, 0);
        String xml = "<plist><array><data>\n" + Base64.getMimeEncoder().encodeToString(mish.array())
                + "\n</data></array></plist>";
        byte[] list = xml.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer trailer = ByteBuffer.allocate(512);
        trailer.put(0, "koly".getBytes(StandardCharsets.US_ASCII));
        trailer.putLong(0xd8, raw.length + compressed.length).putLong(0xe0, list.length);
        trailer.putLong(0x1ec, 16);
        expect("dmg", join(raw, compressed, list, trailer.array()), contents);
    }

    private static void chunk(
            ByteBuffer mish, int index, int type, long sector, long sectors, long offset, long bytes) {
        int at = 204 + index * 40;
        mish.putInt(at, type).putLong(at + 8, sector).putLong(at + 16, sectors);
        mish.putLong(at + 24, offset).putLong(at + 32, bytes);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(all::writeBytes);
        return all.toByteArray();
    }
}
