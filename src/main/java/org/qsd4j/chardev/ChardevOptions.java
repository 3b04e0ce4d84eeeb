package org.qsd4j.chardev;

import org.qsd4j.qapi.gen.ChardevBackend;

/** A new chardev: its name and what it is. The command line's form is read by {@link ChardevCommandLine}. */
public record ChardevOptions(String id, ChardevBackend backend) {}
