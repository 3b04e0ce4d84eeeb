/** QMP: the JSON parser, sessions, dispatch and events. QEMU: monitor/qmp.c. */
@NullMarked
package org.qsd4j.monitor;

import org.jspecify.annotations.NullMarked;
