/** The model generated from the schema. */
@org.jspecify.annotations.NullMarked
package org.qsd4j.qapi.gen;
