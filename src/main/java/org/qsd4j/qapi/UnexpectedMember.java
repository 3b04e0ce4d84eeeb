package org.qsd4j.qapi;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which one of several unexpected members an error names. QEMU names the first that it finds in a hash table from which
 * the expected members have been removed, so the choice follows from how GLib 2.8x lays out a {@code GHashTable}: open
 * addressing, 8 slots or more, home slot {@code 11 * hash} modulo the greatest prime below the size, steps 1, 2, 3, …
 *
 * <p>Computed when there is something to complain about, not while input is read.
 */
final class UnexpectedMember {
    private static final int MIN_BITS = 3;
    private static final int[] PRIMES = {
        1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131071, 262139, 524287,
        1048573, 2097143, 4194301
    };
    /** No request has more: its tokens are limited. */
    private static final int MAX_MEMBERS = 1 << 21;

    private static final double GROWTH = 1.333;
    private static final String TOMBSTONE = new String("removed");

    private @Nullable String[] slots = new @Nullable String[1 << MIN_BITS];
    private int bits = MIN_BITS;
    private int live;
    private int occupied;

    private UnexpectedMember() {}

    /**
     * The member to name.
     *
     * @param members all members of the object in {@link QDictOrder}, at least one of them not visited
     * @param visited the expected ones, in the order in which they were read
     */
    static String first(List<String> members, List<String> visited) {
        UnexpectedMember table = new UnexpectedMember();
        if (members.size() <= MAX_MEMBERS) {
            members.forEach(table::insert);
            visited.forEach(table::remove);
            for (String slot : table.slots) {
                if (isLive(slot)) {
                    return slot;
                }
            }
        }
        // Too many for the table of primes: any one will do.
        return members.stream()
                .filter(member -> !visited.contains(member))
                .findFirst()
                .orElseThrow();
    }

    private void insert(String member) {
        int slot = slotOf(member);
        if (slots[slot] == null) {
            occupied++;
        }
        slots[slot] = member;
        live++;
        resizeIfNeeded();
    }

    private void remove(String member) {
        int slot = slotOf(member);
        if (isLive(slots[slot])) {
            slots[slot] = TOMBSTONE;
            live--;
            resizeIfNeeded();
        }
    }

    /** Where the member is, or where it would go. */
    private int slotOf(String member) {
        int slot = home(member);
        int free = -1;
        for (int step = 1; slots[slot] != null; step++) {
            if (isTombstone(slots[slot])) {
                free = free < 0 ? slot : free;
            } else if (member.equals(slots[slot])) {
                return slot;
            }
            slot = (slot + step) & (1 << bits) - 1;
        }
        return free < 0 ? slot : free;
    }

    private void resizeIfNeeded() {
        int size = 1 << bits;
        boolean tooBig = size > 4 * live && bits > MIN_BITS;
        boolean tooSmall = size <= occupied + occupied / 16;
        if (tooBig || tooSmall) {
            resize(Math.max(MIN_BITS, Integer.SIZE - Integer.numberOfLeadingZeros((int) (live * GROWTH))));
        }
    }

    /** Entries move one by one; each goes to the first slot on its way that is not settled, and drives its holder out. */
    private void resize(int newBits) {
        int oldSize = 1 << bits;
        bits = newBits;
        for (int i = 0; i < oldSize; i++) {
            slots[i] = isLive(slots[i]) ? slots[i] : null;
        }
        slots = Arrays.copyOf(slots, Math.max(oldSize, 1 << bits));
        BitSet settled = new BitSet();
        for (int i = 0; i < oldSize; i++) {
            if (!settled.get(i)) {
                String moving = slots[i];
                slots[i] = null;
                while (moving != null) {
                    int slot = firstUnsettled(moving, settled);
                    settled.set(slot);
                    String displaced = slots[slot];
                    slots[slot] = moving;
                    moving = displaced;
                }
            }
        }
        slots = Arrays.copyOf(slots, 1 << bits);
        occupied = live;
    }

    private int firstUnsettled(String member, BitSet settled) {
        int slot = home(member);
        for (int step = 1; settled.get(slot); step++) {
            slot = (slot + step) & (1 << bits) - 1;
        }
        return slot;
    }

    private int home(String member) {
        int hash = 5381;
        for (byte b : member.getBytes(StandardCharsets.UTF_8)) {
            hash = 33 * hash + b;
        }
        // Hashes 0 and 1 mark empty and removed slots.
        int usable = Integer.compareUnsigned(hash, 2) < 0 ? 2 : hash;
        return Integer.remainderUnsigned(11 * usable, PRIMES[bits]);
    }

    private static boolean isLive(@Nullable String slot) {
        return slot != null && !isTombstone(slot);
    }

    @SuppressWarnings("ReferenceEquality") // a client may well send a member of that name
    private static boolean isTombstone(@Nullable String slot) {
        return slot == TOMBSTONE;
    }
}
