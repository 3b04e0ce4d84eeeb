/** The FUSE export: a node as a regular file. It speaks the kernel's protocol on /dev/fuse itself. */
@NullMarked
package org.qsd4j.export.fuse;

import org.jspecify.annotations.NullMarked;
