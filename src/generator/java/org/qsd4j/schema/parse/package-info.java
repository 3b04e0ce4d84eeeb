/** Text to expressions: lexer, parser, documentation comments. */
@NullMarked
package org.qsd4j.schema.parse;

import org.jspecify.annotations.NullMarked;
