package org.qsd4j.block.driver.nbd;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.Immutable;
import org.qsd4j.tls.TlsCreds;

/**
 * How a connection is secured.
 *
 * @param hostname what the server's certificate must name; null if any name is good
 */
@Immutable
record TlsOptions(TlsCreds creds, @Nullable String hostname) {}
