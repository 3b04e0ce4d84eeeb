package org.qsd4j.block.driver.nbd;

import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.Immutable;

/**
 * Whom to talk to, and about what.
 *
 * @param tls how the connection is secured; null if it isn't
 * @param export the export's name
 * @param context the meta context to ask about
 */
@Immutable
record ServerOptions(ServerAddress address, @Nullable TlsOptions tls, String export, String context) {}
