package org.qsd4j.schema.model;

import java.util.Optional;

/** What a definition's comment says about the whole of it. */
public record DocText(String body, Optional<String> returns, Optional<String> errors, Optional<String> since) {}
