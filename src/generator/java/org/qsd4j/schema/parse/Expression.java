package org.qsd4j.schema.parse;

import java.util.Optional;

/** One top-level definition of a module, with the documentation comment right before it. */
public record Expression(String module, Value.Dict value, Optional<Doc> doc) {}
