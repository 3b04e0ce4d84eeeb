/** The core of the block layer: nodes, edges, permissions, backends; no driver. */
@NullMarked
package org.qsd4j.block;

import org.jspecify.annotations.NullMarked;
