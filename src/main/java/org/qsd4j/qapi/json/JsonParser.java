package org.qsd4j.qapi.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;

/**
 * Reads a stream of JSON values from bytes that come in any pieces. QEMU: json-streamer.c, json-parser.c. It is a parser
 * of its own because Jackson's non-blocking one can neither go on after garbage nor say what QEMU says about it; the
 * trees are Jackson's.
 *
 * <p>After an error inside a value the parser is silent until the brackets balance; a byte that can't be part of any
 * token, such as 0xff, ends that silence at once. One thread.
 */
public final class JsonParser {
    private static final int MAX_NESTING = 1024;
    private static final long MAX_MESSAGE_BYTES = 64 << 20;
    private static final int MAX_MESSAGE_TOKENS = 2 << 20;
    private static final int MAX_ERROR_BYTES = 1023;
    private static final String SIZE_EXCEEDED = "JSON token size limit exceeded";

    private enum Expecting {
        VALUE,
        VALUE_OR_END,
        KEY,
        KEY_OR_END,
        COLON,
        COMMA_OR_END
    }

    private final JsonLexer lexer = new JsonLexer();
    private final ArrayDeque<ContainerNode<?>> open = new ArrayDeque<>();
    private final ArrayDeque<String> keys = new ArrayDeque<>();
    private Expecting expecting = Expecting.VALUE;
    private boolean silent;
    private int braces;
    private int brackets;
    private long messageBytes;
    private int messageTokens;

    /** The next value or error; null if the bytes are used up before there is one. */
    public @Nullable JsonMessage next(ByteBuffer in) {
        try {
            while (lexer.next(in)) {
                JsonMessage message = accept();
                if (message != null) {
                    return message;
                }
            }
            return null;
        } catch (OutOfMemoryError e) {
            reset();
            return new JsonMessage.Invalid(SIZE_EXCEEDED);
        }
    }

    /** Reads a text that is one value. QEMU: {@code qobject_from_json}. */
    public static JsonNode parse(String text) {
        JsonParser parser = new JsonParser();
        ByteBuffer in = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        JsonNode value = null;
        for (JsonMessage message = parser.nextOrEnd(in); message != null; message = parser.nextOrEnd(in)) {
            if (message instanceof JsonMessage.Invalid invalid && value == null) {
                throw QapiException.generic("%s", invalid.desc());
            }
            if (value != null || !(message instanceof JsonMessage.Value)) {
                throw QapiException.generic("Expecting at most one JSON value");
            }
            value = ((JsonMessage.Value) message).node();
        }
        if (value == null) {
            throw QapiException.generic("Expecting a JSON value");
        }
        return value;
    }

    private @Nullable JsonMessage nextOrEnd(ByteBuffer in) {
        JsonMessage message = next(in);
        while (message == null && lexer.finish()) {
            message = accept();
        }
        if (message == null && !silent && !open.isEmpty()) {
            return invalid("premature end of input");
        }
        return message;
    }

    /** Takes the lexer's token; a message if one is complete. */
    private @Nullable JsonMessage accept() {
        JsonLexer.Token token = lexer.token();
        if (token == JsonLexer.Token.ERROR) {
            boolean report = !silent;
            String stray = report ? shown("stray '", "'") : "";
            reset();
            return report ? invalid(stray) : null;
        }
        countBrackets(token);
        if (silent) {
            resetIfBalanced();
            return null;
        }
        JsonMessage message = limitExceeded();
        if (message == null) {
            message = parse(token);
        }
        if (message instanceof JsonMessage.Invalid) {
            silent = true;
            forget();
            resetIfBalanced();
        }
        return message;
    }

    private void countBrackets(JsonLexer.Token token) {
        switch (token) {
            case LEFT_BRACE -> braces++;
            case RIGHT_BRACE -> braces--;
            case LEFT_BRACKET -> brackets++;
            case RIGHT_BRACKET -> brackets--;
            default -> {}
        }
    }

    private @Nullable JsonMessage limitExceeded() {
        messageBytes += lexer.text().length();
        messageTokens++;
        if (messageBytes > MAX_MESSAGE_BYTES) {
            return new JsonMessage.Invalid(SIZE_EXCEEDED);
        }
        if (messageTokens > MAX_MESSAGE_TOKENS) {
            return new JsonMessage.Invalid("JSON token count limit exceeded");
        }
        if (braces + brackets > MAX_NESTING) {
            return new JsonMessage.Invalid("JSON nesting depth limit exceeded");
        }
        return null;
    }

    private void resetIfBalanced() {
        if (braces < 0 || brackets < 0 || (braces == 0 && brackets == 0)) {
            reset();
        }
    }

    private void reset() {
        forget();
        silent = false;
        braces = 0;
        brackets = 0;
    }

    private void forget() {
        open.clear();
        keys.clear();
        expecting = Expecting.VALUE;
        messageBytes = 0;
        messageTokens = 0;
    }

    private @Nullable JsonMessage parse(JsonLexer.Token token) {
        return switch (expecting) {
            case VALUE -> value(token);
            case VALUE_OR_END -> token == JsonLexer.Token.RIGHT_BRACKET ? closed() : value(token);
            case KEY -> key(token);
            case KEY_OR_END -> token == JsonLexer.Token.RIGHT_BRACE ? closed() : key(token);
            case COLON -> colon(token);
            case COMMA_OR_END -> commaOrEnd(token);
        };
    }

    private @Nullable JsonMessage key(JsonLexer.Token token) {
        if (token != JsonLexer.Token.STRING) {
            return invalid("expecting key");
        }
        try {
            keys.push(JsonString.decode(lexer.text()));
        } catch (JsonString.Invalid e) {
            return invalid(e.text());
        }
        expecting = Expecting.COLON;
        return null;
    }

    private @Nullable JsonMessage colon(JsonLexer.Token token) {
        if (token != JsonLexer.Token.COLON) {
            return invalid("expecting ':'");
        }
        expecting = Expecting.VALUE;
        return null;
    }

    private @Nullable JsonMessage commaOrEnd(JsonLexer.Token token) {
        boolean inObject = open.peek() instanceof ObjectNode;
        if (token == JsonLexer.Token.COMMA) {
            expecting = inObject ? Expecting.KEY : Expecting.VALUE;
            return null;
        }
        if (token == (inObject ? JsonLexer.Token.RIGHT_BRACE : JsonLexer.Token.RIGHT_BRACKET)) {
            return closed();
        }
        return invalid(inObject ? "expected ',' or '}'" : "expected ',' or ']'");
    }

    private @Nullable JsonMessage value(JsonLexer.Token token) {
        return switch (token) {
            case LEFT_BRACE -> opened(JsonNodeFactory.instance.objectNode(), Expecting.KEY_OR_END);
            case LEFT_BRACKET -> opened(JsonNodeFactory.instance.arrayNode(), Expecting.VALUE_OR_END);
            case INTEGER -> complete(JsonNumber.integer(lexer.text()));
            case FLOAT -> complete(JsonNumber.floating(lexer.text()));
            case STRING -> string();
            case KEYWORD -> keyword();
            default -> invalid("expecting value");
        };
    }

    private @Nullable JsonMessage opened(ContainerNode<?> container, Expecting first) {
        open.push(container);
        expecting = first;
        return null;
    }

    private @Nullable JsonMessage closed() {
        return complete(open.pop());
    }

    private @Nullable JsonMessage string() {
        try {
            return complete(TextNode.valueOf(JsonString.decode(lexer.text())));
        } catch (JsonString.Invalid e) {
            return invalid(e.text());
        }
    }

    private @Nullable JsonMessage keyword() {
        return switch (lexer.text().length() > 5 ? "" : lexer.text().ascii()) {
            case "true" -> complete(BooleanNode.TRUE);
            case "false" -> complete(BooleanNode.FALSE);
            case "null" -> complete(NullNode.instance);
            default -> invalid(shown("invalid keyword '", "'"));
        };
    }

    /** Puts a complete value where it belongs; at the top it is a message. */
    private @Nullable JsonMessage complete(JsonNode value) {
        ContainerNode<?> container = open.peek();
        if (container == null) {
            reset();
            return new JsonMessage.Value(value);
        }
        if (container instanceof ObjectNode object) {
            String key = keys.pop();
            if (object.has(key)) {
                return invalid("duplicate key");
            }
            object.set(key, value);
        } else {
            ((ArrayNode) container).add(value);
        }
        expecting = Expecting.COMMA_OR_END;
        return null;
    }

    private JsonMessage.Invalid invalid(String what) {
        return new JsonMessage.Invalid(lexer.tokenLine() + ":" + lexer.tokenColumn() + ": JSON parse error, " + what);
    }

    /** The token between two texts, up to its first NUL and to as many bytes as QEMU shows. */
    private String shown(String before, String after) {
        byte[] token = lexer.text().array();
        int length = Math.min(lexer.text().length(), MAX_ERROR_BYTES - before.length());
        int shownBytes = 0;
        while (shownBytes < length && token[shownBytes] != 0) {
            shownBytes++;
        }
        boolean room = before.length() + shownBytes + after.length() <= MAX_ERROR_BYTES;
        return before + ModifiedUtf8.lossy(token, shownBytes) + (room ? after : "");
    }
}
