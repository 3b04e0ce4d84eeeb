package org.qsd4j.qom;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A property that can be read, and written perhaps.
 *
 * @param type what qom-list shows: {@code int}, {@code child<iothread>}
 * @param value reads it; main loop
 * @param setter writes it, or throws QapiException; null if nobody may; main loop
 */
public record QomProperty(
        String name,
        String type,
        Supplier<JsonNode> value,
        @Nullable Consumer<JsonNode> setter) {
    /** One that can only be read. */
    public QomProperty(String name, String type, Supplier<JsonNode> value) {
        this(name, type, value, null);
    }
}
