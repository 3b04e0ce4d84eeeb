/** Native calls, error numbers, native memory, file descriptors: the only package that sees jnr. */
@NullMarked
package org.qsd4j.sys;

import org.jspecify.annotations.NullMarked;
