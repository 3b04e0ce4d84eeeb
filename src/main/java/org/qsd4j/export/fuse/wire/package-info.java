/** Views of the structures of linux/fuse.h: offsets, sizes, constants under the kernel's names. */
@NullMarked
package org.qsd4j.export.fuse.wire;

import org.jspecify.annotations.NullMarked;
