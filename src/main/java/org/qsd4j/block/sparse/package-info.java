/** What the drivers of formats that are only read have in common: a map from guest ranges to places in a file. */
@NullMarked
package org.qsd4j.block.sparse;

import org.jspecify.annotations.NullMarked;
