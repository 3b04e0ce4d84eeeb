package org.qsd4j.chardev;

import org.qsd4j.qapi.gen.ChardevBackend;

/**
 * A new chardev: its name and what it is. The command line's form is read by {@link ChardevCommandLine}.
 *
 * @param shared whether the name is that of a mux, which is put on top of what is asked for
 */
public record ChardevOptions(String id, ChardevBackend backend, boolean shared) {
    public ChardevOptions(String id, ChardevBackend backend) {
        this(id, backend, false);
    }
}
