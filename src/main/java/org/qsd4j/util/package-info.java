/** Pure functions without state. */
@NullMarked
package org.qsd4j.util;

import org.jspecify.annotations.NullMarked;
