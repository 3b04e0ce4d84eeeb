/** QAPI at run time: visitors, errors, the JSON writer. The generated model is {@code org.qsd4j.qapi.gen}. */
@NullMarked
package org.qsd4j.qapi;

import org.jspecify.annotations.NullMarked;
