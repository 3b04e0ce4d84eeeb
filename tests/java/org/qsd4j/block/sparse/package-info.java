@NullMarked
package org.qsd4j.block.sparse;

import org.jspecify.annotations.NullMarked;
