package org.qsd4j.block.driver.qcow2;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How often each host cluster is referred to, as a check counts it. Takes memory only where something is referred to. */
final class ReferenceCounts {
    private static final int CHUNK_BITS = 12;
    private static final int CHUNK = 1 << CHUNK_BITS;

    private final Map<Long, int[]> chunks = new HashMap<>();
    private long end;
    private long lastNumber = -1;
    private int @Nullable [] last;

    void add(long hostCluster) {
        end = Math.max(end, hostCluster + 1);
        int[] chunk = chunk(hostCluster);
        if (chunk == null) {
            chunk = new int[CHUNK];
            chunks.put(hostCluster >>> CHUNK_BITS, chunk);
            last = chunk;
        }
        chunk[(int) hostCluster & (CHUNK - 1)]++;
    }

    /** Behind the last cluster that is referred to. */
    long end() {
        return end;
    }

    int get(long hostCluster) {
        int[] chunk = chunk(hostCluster);
        return chunk == null ? 0 : chunk[(int) hostCluster & (CHUNK - 1)];
    }

    private int @Nullable [] chunk(long hostCluster) {
        long number = hostCluster >>> CHUNK_BITS;
        if (number != lastNumber) {
            lastNumber = number;
            last = chunks.get(number);
        }
        return last;
    }

    /** Told of each cluster that is referred to, in no order. */
    interface Visitor {
        void visit(long hostCluster, int references);
    }

    void forEach(Visitor visitor) {
        chunks.forEach((number, chunk) -> {
            for (int i = 0; i < CHUNK; i++) {
                if (chunk[i] != 0) {
                    visitor.visit((number << CHUNK_BITS) + i, chunk[i]);
                }
            }
        });
    }
}
