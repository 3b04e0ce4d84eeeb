@NullMarked
package org.qsd4j.block.driver.luks;

import org.jspecify.annotations.NullMarked;
