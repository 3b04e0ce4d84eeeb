@NullMarked
package org.qsd4j.block.driver.qcow2;

import org.jspecify.annotations.NullMarked;
