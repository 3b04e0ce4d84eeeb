/** Jobs: what runs beside the commands and tells of its progress by events. */
@NullMarked
package org.qsd4j.job;

import org.jspecify.annotations.NullMarked;
