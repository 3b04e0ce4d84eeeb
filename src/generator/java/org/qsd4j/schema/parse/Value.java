package org.qsd4j.schema.parse;

import java.util.List;
import java.util.Map;

/** A parsed JSON value that remembers where it stands. */
public sealed interface Value {
    SourcePosition position();

    record Text(String text, SourcePosition position) implements Value {}

    record Bool(boolean value, SourcePosition position) implements Value {}

    record Array(List<Value> elements, SourcePosition position) implements Value {}

    /** Members in the file's order. */
    record Dict(Map<String, Value> members, SourcePosition position) implements Value {}
}
