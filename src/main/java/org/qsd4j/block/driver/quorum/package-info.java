/** The {@code quorum} driver: the same contents in several nodes, whose majority is believed. */
@NullMarked
package org.qsd4j.block.driver.quorum;

import org.jspecify.annotations.NullMarked;
