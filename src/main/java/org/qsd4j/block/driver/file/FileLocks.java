package org.qsd4j.block.driver.file;

import org.qsd4j.aio.MainThread;
import org.qsd4j.block.Permission;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.OfdLock;

/**
 * Tells other programs what this one does with the image: QEMU's protocol of shared locks on single bytes, so that a
 * real qemu-img and this program respect each other. QEMU: {@code raw_handle_perm_lock}.
 *
 * <p>Byte 100 + n is locked by those who use permission n (the bit number in {@link Permission}), byte 200 + n by those
 * who don't share it. Whoever takes the one looks whether somebody else has the other.
 */
@MainThread
final class FileLocks {
    private static final int PERM_BASE = 100;
    private static final int SHARED_BASE = 200;
    private static final int BITS = 4;

    private final OfdLock lock = new OfdLock();
    private final int fd;

    /** The granted state, as masks of what is used and of what is not shared. */
    private int perm;

    private int unshared;

    /** The locks that are held; more than the granted ones between check and commit. */
    private int lockedPerm;

    private int lockedUnshared;

    private int pendingPerm;
    private int pendingUnshared;

    FileLocks(int fd) {
        this.fd = fd;
    }

    /** Takes the locks of the old and the new state, and looks for others who conflict. */
    void check(int newPerm, int newShared) {
        pendingPerm = newPerm;
        pendingUnshared = ~newShared & Permission.ALL;
        int allPerm = perm | pendingPerm;
        int allUnshared = unshared | pendingUnshared;
        if (allPerm == perm && allUnshared == unshared) {
            return;
        }
        take(allPerm, allUnshared);
        lookForOthers(allPerm, allUnshared);
    }

    void commit() {
        perm = pendingPerm;
        unshared = pendingUnshared;
        giveUpAllBut(perm, unshared);
    }

    void abort() {
        giveUpAllBut(perm, unshared);
    }

    private void take(int wantedPerm, int wantedUnshared) {
        for (int bit = 0; bit < BITS; bit++) {
            int mask = 1 << bit;
            if ((wantedPerm & ~lockedPerm & mask) != 0) {
                lockByte(PERM_BASE + bit);
                lockedPerm |= mask;
            }
        }
        for (int bit = 0; bit < BITS; bit++) {
            int mask = 1 << bit;
            if ((wantedUnshared & ~lockedUnshared & mask) != 0) {
                lockByte(SHARED_BASE + bit);
                lockedUnshared |= mask;
            }
        }
    }

    private void lockByte(int at) {
        int result = lock.lockShared(fd, at, 1);
        if (result < 0) {
            throw QapiException.generic("Failed to lock byte %d", at);
        }
    }

    private void lookForOthers(int wantedPerm, int wantedUnshared) {
        for (int bit = 0; bit < BITS; bit++) {
            int mask = 1 << bit;
            if ((wantedPerm & mask) != 0 && lock.testExclusive(fd, SHARED_BASE + bit, 1) < 0) {
                throw QapiException.generic("Failed to get \"%s\" lock", Permission.names(mask));
            }
            if ((wantedUnshared & mask) != 0 && lock.testExclusive(fd, PERM_BASE + bit, 1) < 0) {
                throw QapiException.generic("Failed to get shared \"%s\" lock", Permission.names(mask));
            }
        }
    }

    private void giveUpAllBut(int keptPerm, int keptUnshared) {
        for (int bit = 0; bit < BITS; bit++) {
            int mask = 1 << bit;
            if ((lockedPerm & ~keptPerm & mask) != 0) {
                lock.unlock(fd, PERM_BASE + bit, 1);
                lockedPerm &= ~mask;
            }
            if ((lockedUnshared & ~keptUnshared & mask) != 0) {
                lock.unlock(fd, SHARED_BASE + bit, 1);
                lockedUnshared &= ~mask;
            }
        }
    }
}
