package org.qsd4j.qapi.json;

import com.fasterxml.jackson.databind.JsonNode;

/** What a stream of JSON consists of: values, and errors in between. */
public sealed interface JsonMessage {
    /** A complete value. */
    record Value(JsonNode node) implements JsonMessage {}

    /** What is wrong with the input, in QEMU's words. */
    record Invalid(String desc) implements JsonMessage {}
}
