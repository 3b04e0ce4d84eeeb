@NullMarked
package org.qsd4j.crypto;

import org.jspecify.annotations.NullMarked;
