package org.qsd4j.export.nbd;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.qapi.QapiException;

/**
 * How clients know an export.
 *
 * @param name what they ask for; may be empty
 * @param description for people; null: none
 */
record NbdExportName(String name, @Nullable String description) {
    /** @throws QapiException if either is longer than the protocol allows */
    NbdExportName {
        if (isTooLong(name)) {
            throw QapiException.generic("export name '%s' too long", name);
        }
        if (description != null && isTooLong(description)) {
            throw QapiException.generic("description '%s' too long", description);
        }
    }

    private static boolean isTooLong(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length > Nbd.NBD_MAX_STRING_SIZE;
    }
}
