/** The commands of QMP, a class a schema module; nothing but calls. */
@NullMarked
package org.qsd4j.monitor.command;

import org.jspecify.annotations.NullMarked;
