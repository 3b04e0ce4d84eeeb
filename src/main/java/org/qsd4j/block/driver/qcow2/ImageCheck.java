package org.qsd4j.block.driver.qcow2;

import org.qsd4j.block.BlockNode;
import org.qsd4j.qapi.QapiException;

/** Checks an image, and repairs it. QEMU: {@code qcow2_co_check}. */
public final class ImageCheck {
    /** What may be repaired. */
    public enum Repair {
        NOTHING,
        LEAKS,
        ALL
    }

    private ImageCheck() {}

    /**
     * Checks the image of a node that {@link Qcow2Driver#forRepair} has opened, and that nobody else uses; for repairs it
     * is writable. After a repair the counts are those of a second check.
     *
     * @throws QapiException if it is no qcow2 node, or can't be repaired
     */
    public static CheckResult run(BlockNode node, Repair repair, CheckListener listener) {
        if (!(node instanceof Qcow2Node qcow2)) {
            throw QapiException.generic("This image format does not support checks");
        }
        return run(qcow2.image(), repair, listener);
    }

    static CheckResult run(Qcow2Image image, Repair repair, CheckListener listener) {
        Qcow2Check check = check(image, listener);
        CheckResult found = check.result;
        boolean wanted = repair == Repair.ALL || (repair == Repair.LEAKS && found.corruptions == 0);
        if (!wanted || image.readOnly) {
            return found;
        }
        Qcow2Repair repairing = new Qcow2Repair(image, check);
        int wrongFlags = 0;
        if (repair == Repair.ALL) {
            wrongFlags = repairing.repairAll();
        } else {
            repairing.repairLeaks();
        }
        CheckResult left = check(image, listener).result;
        left.leaksFixed = Math.max(0, found.leaks - left.leaks);
        // Flags are judged by refcounts: what wrong ones said of them before doesn't count.
        int corruptions = found.corruptions - check.wrongCopiedFlags() + wrongFlags;
        left.corruptionsFixed = Math.max(0, corruptions - left.corruptions);
        if (left.corruptions == 0 && left.checkErrors == 0 && repair == Repair.ALL) {
            repairing.clearMarks();
        }
        return left;
    }

    private static Qcow2Check check(Qcow2Image image, CheckListener listener) {
        Refcounts refcounts = image.readOnly ? new Refcounts(image) : image.refcounts();
        Qcow2Check check = new Qcow2Check(image, refcounts, listener);
        check.run();
        return check;
    }
}
