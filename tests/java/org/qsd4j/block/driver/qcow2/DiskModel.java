package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.RequestFlags;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

/** A plain array beside a node: does the same random operations on both, and compares. */
final class DiskModel {
    private static final int MAX_REQUEST = 400_000;

    private final Random random;
    private final boolean resizes;
    private final NativeBuffer buffer = NativeBuffer.allocate(MAX_REQUEST);
    byte[] contents;
    long operations;

    /** Of the image, if some writes shall be compressed; else 0. */
    int compressedCluster;

    DiskModel(byte[] contents, long seed, boolean resizes) {
        this.contents = contents;
        this.random = new Random(seed);
        this.resizes = resizes;
    }

    /** One operation; it must succeed. */
    void step(BlockNode node) {
        operations++;
        int length = length();
        int offset = random.nextInt(contents.length - length + 1);
        if (random.nextInt(3) == 0) {
            offset &= -4096;
        }
        switch (random.nextInt(20)) {
            case 0, 1, 2 -> writeZeroes(node, offset, length);
            case 3, 4 -> discard(node, offset, length);
            case 5, 6, 7 -> read(node, offset, length);
            case 8 -> assertThat(node.flush()).isZero();
            case 9 -> resize(node);
            case 10, 11, 12, 13 -> writeCompressedOrNot(node, offset, length);
            default -> write(node, offset, length);
        }
    }

    private int length() {
        int limit = random.nextInt(4) == 0 ? MAX_REQUEST : random.nextInt(3) == 0 ? 70_000 : 5_000;
        int length = 1 + random.nextInt(Math.min(limit, contents.length));
        return random.nextInt(3) == 0 ? Math.max(512, length & -512) : length;
    }

    private void write(BlockNode node, int offset, int length) {
        byte[] data = new byte[length];
        random.nextBytes(data);
        buffer.put(0, data, 0, length);
        assertThat(node.write(offset, buffer, 0, length, 0)).isZero();
        System.arraycopy(data, 0, contents, offset, length);
    }

    private void writeCompressedOrNot(BlockNode node, int offset, int length) {
        if (compressedCluster == 0) {
            write(node, offset, length);
            return;
        }
        int start = offset / compressedCluster * compressedCluster;
        int bytes = Math.min(compressedCluster, contents.length - start);
        byte[] data = compressible(random, bytes);
        NativeBuffer cluster = NativeBuffer.allocate(bytes);
        cluster.put(0, data, 0, bytes);
        int result = node.write(start, cluster, 0, bytes, RequestFlags.WRITE_COMPRESSED);
        // What holds something already can't be written compressed.
        assertThat(result).isIn(0, -Errno.EIO);
        if (result == 0) {
            System.arraycopy(data, 0, contents, start, bytes);
        }
    }

    /** Data whose sectors differ from each other and from all other data, and yet get smaller; one time in eight not. */
    static byte[] compressible(Random random, int bytes) {
        byte[] data = new byte[bytes];
        random.nextBytes(data);
        if (random.nextInt(8) != 0) {
            for (int i = 0; i < bytes; i++) {
                data[i] = data[(i & -512) | (i & 31)];
            }
        }
        return data;
    }

    private void writeZeroes(BlockNode node, int offset, int length) {
        int flags = random.nextBoolean() ? RequestFlags.MAY_UNMAP : 0;
        assertThat(node.writeZeroes(offset, length, flags)).isZero();
        Arrays.fill(contents, offset, offset + length, (byte) 0);
    }

    /** What is discarded may be zeroes or its old self. */
    private void discard(BlockNode node, int offset, int length) {
        assertThat(node.discard(offset, length)).isZero();
        assertThat(node.read(offset, buffer, 0, length)).isZero();
        for (int i = 0; i < length; i++) {
            byte now = buffer.getByte(i);
            if (now != 0 && now != contents[offset + i]) {
                throw new AssertionError("discard at " + offset + "+" + length + " shows foreign data at " + i);
            }
            contents[offset + i] = now;
        }
    }

    private void read(BlockNode node, int offset, int length) {
        assertThat(node.read(offset, buffer, 0, length)).isZero();
        byte[] data = new byte[length];
        buffer.get(0, data, 0, length);
        int difference = Arrays.mismatch(data, 0, length, contents, offset, offset + length);
        assertThat(difference).as("read at %d+%d", offset, length).isEqualTo(-1);
    }

    private void resize(BlockNode node) {
        if (!resizes) {
            return;
        }
        int size = 512 * (1 + random.nextInt(2 * contents.length / 512));
        size = Math.min(size, 24 << 20);
        node.truncate(size, true, PreallocMode.OFF, 0);
        contents = Arrays.copyOf(contents, size);
    }

    void expectSame(BlockNode node) {
        assertThat(node.length()).isEqualTo(contents.length);
        for (int at = 0; at < contents.length; at += MAX_REQUEST) {
            read(node, at, Math.min(MAX_REQUEST, contents.length - at));
        }
    }
}
