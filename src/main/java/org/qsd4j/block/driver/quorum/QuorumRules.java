package org.qsd4j.block.driver.quorum;

/**
 * How a node decides.
 *
 * @param threshold how many children have to agree
 * @param fifo a read takes the first child that can be read, without a vote
 * @param verifies a difference ends the program. QEMU: {@code is_blkverify}
 * @param rewritesCorrupted a child that was outvoted gets what the others have
 */
record QuorumRules(int threshold, boolean fifo, boolean verifies, boolean rewritesCorrupted) {}
