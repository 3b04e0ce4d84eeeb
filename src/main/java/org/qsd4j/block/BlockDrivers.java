package org.qsd4j.block;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.Immutable;

/** The drivers that a graph may use, by name. */
@Immutable
public final class BlockDrivers {
    private final Map<String, BlockDriver> byName = new LinkedHashMap<>();

    public BlockDrivers(List<BlockDriver> drivers) {
        drivers.forEach(driver -> byName.put(driver.formatName(), driver));
    }

    public @Nullable BlockDriver find(String formatName) {
        return byName.get(formatName);
    }

    /** In the order in which they were registered. */
    public Iterable<BlockDriver> all() {
        return byName.values();
    }

    /** The name of the protocol that opens a plain path. */
    String ofPath(String filename) {
        for (BlockDriver driver : byName.values()) {
            if (driver.takesPath(filename)) {
                return driver.formatName();
            }
        }
        return "file";
    }

    /** The format whose driver is the surest; raw takes what nobody else wants. */
    @Nullable
    BlockDriver probe(byte[] head) {
        BlockDriver best = null;
        int bestScore = 0;
        for (BlockDriver driver : byName.values()) {
            int score = driver.probe(head);
            if (score > bestScore) {
                best = driver;
                bestScore = score;
            }
        }
        return best;
    }
}
