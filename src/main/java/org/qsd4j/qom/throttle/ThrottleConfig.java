package org.qsd4j.qom.throttle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import org.qsd4j.aio.Immutable;
import org.qsd4j.qapi.QDictOrder;
import org.qsd4j.qapi.QapiException;

/** The limits of a group. QEMU: {@code ThrottleConfig}. Zero is no limit; a burst lasts a second unless told. */
@Immutable
final class ThrottleConfig {
    private static final String MAX = "-max";
    private static final String MAX_LENGTH = "-max-length";
    private static final String IOPS_SIZE = "iops-size";
    private static final long LARGEST = 1_000_000_000_000_000L;
    private static final long LARGEST_UINT32 = 0xffffffffL;
    private static final ThrottleBucket[] BUCKETS = ThrottleBucket.values();

    static final ThrottleConfig NONE = new ThrottleConfig();

    private final long[] average = new long[BUCKETS.length];
    private final long[] max = new long[BUCKETS.length];
    private final long[] burstSeconds = new long[BUCKETS.length];
    private long iopsSize;

    private ThrottleConfig() {
        Arrays.fill(burstSeconds, 1);
    }

    /** What requests of that bucket may come to in a second in the long run: operations or bytes. */
    long average(ThrottleBucket bucket) {
        return average[bucket.index];
    }

    /** What they may come to in a second during a burst; 0 for a tenth of a second's worth at once. */
    long max(ThrottleBucket bucket) {
        return max[bucket.index];
    }

    long burstSeconds(ThrottleBucket bucket) {
        return burstSeconds[bucket.index];
    }

    /** A request larger than this counts as several, if not 0. */
    long iopsSize() {
        return iopsSize;
    }

    boolean limitsAnything() {
        for (long rate : average) {
            if (rate != 0) {
                return true;
            }
        }
        return false;
    }

    /**
     * These limits with some changed, as {@code ThrottleLimits} names them. To be checked once all changes are made.
     *
     * @throws QapiException if a burst's length can't be one
     */
    ThrottleConfig with(ObjectNode limits) {
        ThrottleConfig changed = copy();
        for (String name : QDictOrder.keys(limits)) {
            long value = limits.get(name).longValue();
            if (name.endsWith(MAX_LENGTH) && (value < 0 || value > LARGEST_UINT32)) {
                throw QapiException.generic("%s value must be in the range [0, %d]", name, LARGEST_UINT32);
            }
            changed.set(name, value);
        }
        return changed;
    }

    /** The same for one of the object's own properties, which begin with {@code x-}. */
    ThrottleConfig withProperty(String name, long value) {
        if (value < 0) {
            throw QapiException.generic("Property values cannot be negative");
        }
        if (name.endsWith(MAX_LENGTH) && value > LARGEST_UINT32) {
            // The missing blank is the real daemon's.
            throw QapiException.generic("%s value must be in therange [0, %d]", name, LARGEST_UINT32);
        }
        ThrottleConfig changed = copy();
        changed.set(name.substring("x-".length()), value);
        return changed;
    }

    private ThrottleConfig copy() {
        ThrottleConfig copy = new ThrottleConfig();
        System.arraycopy(average, 0, copy.average, 0, BUCKETS.length);
        System.arraycopy(max, 0, copy.max, 0, BUCKETS.length);
        System.arraycopy(burstSeconds, 0, copy.burstSeconds, 0, BUCKETS.length);
        copy.iopsSize = iopsSize;
        return copy;
    }

    private void set(String name, long value) {
        for (ThrottleBucket bucket : BUCKETS) {
            int i = bucket.index;
            if (name.equals(bucket.wireName)) {
                average[i] = value;
            } else if (name.equals(bucket.wireName + MAX)) {
                max[i] = value;
            } else if (name.equals(bucket.wireName + MAX_LENGTH)) {
                burstSeconds[i] = value;
            }
        }
        if (name.equals(IOPS_SIZE)) {
            iopsSize = value;
        }
    }

    /** All of it, as {@code ThrottleLimits}. */
    ObjectNode toJson() {
        ObjectNode limits = JsonNodeFactory.instance.objectNode();
        for (ThrottleBucket bucket : BUCKETS) {
            limits.put(bucket.wireName, average(bucket));
            limits.put(bucket.wireName + MAX, max(bucket));
            limits.put(bucket.wireName + MAX_LENGTH, burstSeconds(bucket));
        }
        limits.put(IOPS_SIZE, iopsSize);
        return limits;
    }

    /** One limit by its name in {@code ThrottleLimits}. */
    JsonNode get(String name) {
        return toJson().get(name);
    }

    /** @throws QapiException if limits contradict each other. QEMU: {@code throttle_is_valid}. */
    ThrottleConfig check() {
        if (excludes(average, 0) || excludes(average, 3) || excludes(max, 0) || excludes(max, 3)) {
            throw QapiException.generic(
                    "bps/iops/max total values and read/write values cannot be used at the same time");
        }
        if (iopsSize != 0
                && average(ThrottleBucket.IOPS_TOTAL) == 0
                && average(ThrottleBucket.IOPS_READ) == 0
                && average(ThrottleBucket.IOPS_WRITE) == 0) {
            throw QapiException.generic("iops size requires an iops value to be set");
        }
        for (int i = 0; i < BUCKETS.length; i++) {
            check(average[i], max[i], burstSeconds[i]);
        }
        return this;
    }

    /** A total, at {@code first}, goes with neither of the directions that follow it. */
    private static boolean excludes(long[] rates, int first) {
        return rates[first] != 0 && (rates[first + 1] != 0 || rates[first + 2] != 0);
    }

    private static void check(long average, long max, long burstSeconds) {
        if (average < 0 || average > LARGEST || max < 0 || max > LARGEST) {
            throw QapiException.generic("bps/iops/max values must be within [0, %d]", LARGEST);
        }
        if (burstSeconds == 0) {
            throw QapiException.generic("the burst length cannot be 0");
        }
        if (burstSeconds > 1 && max == 0) {
            throw QapiException.generic("burst length set without burst rate");
        }
        if (max != 0 && burstSeconds > LARGEST / max) {
            throw QapiException.generic("burst length too high for this burst rate");
        }
        if (max != 0 && average == 0) {
            throw QapiException.generic("bps_max/iops_max require corresponding bps/iops values");
        }
        if (max != 0 && max < average) {
            throw QapiException.generic("bps_max/iops_max cannot be lower than bps/iops");
        }
    }
}
