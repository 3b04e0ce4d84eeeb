/** The schema compiler: runs at build time, never part of the jar. */
package org.qsd4j.schema;
