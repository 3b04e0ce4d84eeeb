/** What tests of several areas share. */
@NullMarked
package org.qsd4j.testing;

import org.jspecify.annotations.NullMarked;
