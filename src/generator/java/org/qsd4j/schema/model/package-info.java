/** The checked schema: definitions and how they refer to each other. */
@NullMarked
package org.qsd4j.schema.model;

import org.jspecify.annotations.NullMarked;
