/** What all tests share. */
@org.jspecify.annotations.NullMarked
package org.qsd4j;
