package org.qsd4j.block.driver.qcow2;

/** What a check has found, and repaired. QEMU: {@code BdrvCheckResult}. Counts are of findings or clusters. */
public final class CheckResult {
    public int corruptions;
    public int leaks;
    public int checkErrors;
    public int corruptionsFixed;
    public int leaksFixed;

    /** Where the last cluster in use ends in the image file, in bytes. */
    public long imageEndOffset;

    /** Of the virtual disk. */
    public long totalClusters;

    public long allocatedClusters;
    public long fragmentedClusters;
    public long compressedClusters;

    CheckResult() {}

    /** Nothing wrong, or nothing left. */
    public boolean isClean() {
        return corruptions == 0 && leaks == 0 && checkErrors == 0;
    }
}
