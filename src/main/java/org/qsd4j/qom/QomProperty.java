package org.qsd4j.qom;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Supplier;

/**
 * A property that can be read.
 *
 * @param type what qom-list shows: {@code int}, {@code child<iothread>}
 * @param value reads it; main loop
 */
public record QomProperty(String name, String type, Supplier<JsonNode> value) {}
