package org.qsd4j.qapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * An event before it gets its timestamp.
 *
 * @param name the wire name
 * @param data the members, or null if the event has none
 */
public record QapiEvent(String name, @Nullable ObjectNode data) {}
