/**
 * The qcow2 format, read and written.
 *
 * <p>A request maps guest offsets through {@code ClusterMapper}. Reads, and writes to clusters that are allocated and
 * nobody else's, take no lock: L1 and L2 entries are read atomically from heap arrays ({@code L1Table}, {@code L2Slice}),
 * and data goes straight to the file. Everything that changes an entry claims its guest clusters ({@code ClusterClaims}),
 * changes tables in memory under {@code Qcow2Image.metadataLock}, and does its data I/O and copying between, with no lock.
 *
 * <p>Because readers hold no lock, a mapping may change while a reader, or a writer in place, still uses the old one. So
 * every request is counted by {@code GracePeriod}, and a host cluster that has lost its last reference is given to nobody,
 * nor punched out of the file, before (1) the table without the reference is on stable storage and (2) every request that
 * was under way then has ended ({@code ClusterRelease}). Until then the cluster is counted as used, in memory and on disk.
 * An old request thus reads old data or overwrites a cluster that nobody sees, as if it had run before the change; it never
 * meets a new owner's data. A hole punched late can't hit a new owner either: it is punched before the cluster is free.
 *
 * <p>On disk the order is that of {@code MetadataWriteback}: own it (refcount), write it, publish it (L2, L1 entry); and to
 * free: unlink, flush, release. A failed step is taken again as a whole by the next flush. At every moment the worst that
 * a crash finds is a leaked cluster.
 *
 * <p>Lock order, outermost first: a claim; {@code MetadataWriteback}'s turn; a stripe of {@code SliceLoader}; the metadata
 * lock; {@code GracePeriod}'s monitor. Nobody waits for a claim or the turn with the metadata lock.
 */
@NullMarked
package org.qsd4j.block.driver.qcow2;

import org.jspecify.annotations.NullMarked;
