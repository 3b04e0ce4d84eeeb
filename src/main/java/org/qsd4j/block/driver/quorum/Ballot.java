package org.qsd4j.block.driver.quorum;

import java.nio.ByteBuffer;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.util.Align;

/** What each child has answered to one request: its result and, of a read, its copy. Lent to one request at a time. */
final class Ballot {
    static final int GRAIN = 64 << 10;

    final int[] results;
    private final NativeBuffer[] copies;
    private final ByteBuffer[] views;
    private final int capacity;

    /** @param bytes of each copy, far below 2 GiB; 0 for a request without */
    Ballot(int children, int bytes) {
        capacity = (int) Align.up(bytes, GRAIN);
        results = new int[children];
        copies = new NativeBuffer[children];
        views = new ByteBuffer[children];
        for (int i = 0; i < children; i++) {
            copies[i] = NativeBuffer.allocate(capacity);
            views[i] = copies[i].asByteBuffer(0, capacity);
        }
    }

    boolean fits(int children, int bytes) {
        return results.length == children && capacity >= bytes;
    }

    long memory() {
        return (long) capacity * copies.length;
    }

    NativeBuffer copy(int child) {
        return copies[child];
    }

    int successes() {
        int count = 0;
        for (int result : results) {
            count += result == 0 ? 1 : 0;
        }
        return count;
    }

    boolean agree(int one, int other, int bytes) {
        return differAt(one, other, bytes) < 0;
    }

    /** The first byte that differs, or -1. */
    int differAt(int one, int other, int bytes) {
        return views[one].clear().limit(bytes).mismatch(views[other].clear().limit(bytes));
    }

    /** The child whose copy most children have; of several such copies the one that came up last. */
    int winner(int bytes) {
        int best = -1;
        int bestVotes = 0;
        for (int i = 0; i < results.length; i++) {
            if (results[i] == 0 && isFirstOfItsKind(i, bytes)) {
                int votes = votes(i, bytes);
                if (votes >= bestVotes) {
                    best = i;
                    bestVotes = votes;
                }
            }
        }
        return best;
    }

    private boolean isFirstOfItsKind(int child, int bytes) {
        for (int i = 0; i < child; i++) {
            if (results[i] == 0 && agree(i, child, bytes)) {
                return false;
            }
        }
        return true;
    }

    int votes(int child, int bytes) {
        int votes = 0;
        for (int i = 0; i < results.length; i++) {
            votes += results[i] == 0 && agree(i, child, bytes) ? 1 : 0;
        }
        return votes;
    }

    /** The error that most of the children that failed have; of several the one that came up last. */
    int commonError() {
        int best = 0;
        int bestVotes = 0;
        for (int i = 0; i < results.length; i++) {
            if (results[i] < 0 && !comesBefore(i)) {
                int votes = 0;
                for (int result : results) {
                    votes += result == results[i] ? 1 : 0;
                }
                if (votes >= bestVotes) {
                    best = results[i];
                    bestVotes = votes;
                }
            }
        }
        return best;
    }

    private boolean comesBefore(int child) {
        for (int i = 0; i < child; i++) {
            if (results[i] == results[child]) {
                return true;
            }
        }
        return false;
    }
}
