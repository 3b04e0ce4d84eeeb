package org.qsd4j.block.driver.qcow2;

import java.util.Arrays;

/** Runs of host clusters that lose a reference each. */
final class FreedClusters {
    private long[] offsets = new long[32];
    private long[] counts = new long[32];
    private boolean[] discards = new boolean[32];
    private int size;
    private long clusters;

    /** Some of them held compressed data. */
    boolean hasCompressed;

    /** Drawn when the clusters were out of reach on disk. */
    long ticket;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** All runs' clusters together. */
    long clusters() {
        return clusters;
    }

    long offset(int run) {
        return offsets[run];
    }

    long count(int run) {
        return counts[run];
    }

    /** Whether the run's clusters, once nobody refers to them, are discarded from the file. */
    boolean discard(int run) {
        return discards[run];
    }

    void add(long hostOffset, long count, int clusterBits, boolean discard) {
        clusters += count;
        int last = size - 1;
        if (last >= 0 && discards[last] == discard && offsets[last] + (counts[last] << clusterBits) == hostOffset) {
            counts[last] += count;
            return;
        }
        if (size == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * size);
            counts = Arrays.copyOf(counts, 2 * size);
            discards = Arrays.copyOf(discards, 2 * size);
        }
        offsets[size] = hostOffset;
        counts[size] = count;
        discards[size] = discard;
        size++;
    }

    void addAll(FreedClusters other, int clusterBits) {
        hasCompressed |= other.hasCompressed;
        for (int i = 0; i < other.size; i++) {
            add(other.offsets[i], other.counts[i], clusterBits, other.discards[i]);
        }
    }
}
