package org.qsd4j.qom;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.InputVisitor;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiJson;

/** Properties of the usual types, which check what they are set to with the visitors of the schema. */
public final class QomValues {
    private QomValues() {}

    /** An integer that can be read and written. */
    public static QomProperty integer(String name, LongSupplier value, LongConsumer setter) {
        return new QomProperty(
                name,
                "int",
                () -> LongNode.valueOf(value.getAsLong()),
                written -> setter.accept(visitor(name, written).int64(name)));
    }

    /** A text that can be read and written; null reads as "". */
    public static QomProperty text(String name, Supplier<@Nullable String> value, Consumer<String> setter) {
        return new QomProperty(
                name,
                "string",
                () -> TextNode.valueOf(orEmpty(value.get())),
                written -> setter.accept(visitor(name, written).str(name)));
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** A setter that reads a value of any type of the schema. */
    public static <T> Consumer<JsonNode> setter(String name, Function<InputVisitor, T> read, Consumer<T> setter) {
        return written -> setter.accept(read.apply(visitor(name, written)));
    }

    private static InputVisitor visitor(String name, JsonNode value) {
        InputVisitor visitor = new JsonInputVisitor(QapiJson.object().set(name, value));
        visitor.startStruct(null);
        return visitor;
    }
}
