package org.qsd4j.qapi.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.qapi.QapiException;

/** What the recorded sessions in monitor can't show: whole texts, and limits too big to record. */
class JsonParserTest {
    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void wholeTextIsOneValue() {
        assertThat(JsonParser.parse(" {'a': [1, 18446744073709551615, 1.5, 'x\\u00e9']} "))
                .hasToString("{\"a\":[1,18446744073709551615,1.5,\"xé\"]}");
        assertThat(JsonParser.parse("12")).hasToString("12");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{|1:2: JSON parse error, premature end of input",
                "{\"a\"|1:5: JSON parse error, premature end of input",
                "{\"a\":1|1:8: JSON parse error, premature end of input",
                "{\"a\":|1:6: JSON parse error, premature end of input",
                "{\"driver\":\"null-co\"} x|Expecting at most one JSON value",
                "{} {}|Expecting at most one JSON value",
                "{}x|Expecting at most one JSON value",
                "{\"driver\": tru|1:12: JSON parse error, invalid keyword 'tru'",
                "{\"driver\":\"a|1:11: JSON parse error, stray '\"a'",
                "{\"a\":[}|1:7: JSON parse error, expecting value",
                "{\"a\":%d}|1:6: JSON parse error, stray '%'",
                "{\"driver\":1e|1:11: JSON parse error, stray '1e'",
            })
    void wholeTextIsRefused(String text, String message) {
        assertThatThrownBy(() -> JsonParser.parse(text))
                .isInstanceOf(QapiException.class)
                .hasMessage(message);
    }

    @Test
    void moreThanTwoMillionTokensAreRefusedAndTheRestIsSkipped() {
        JsonParser parser = new JsonParser();
        ByteBuffer in = bytes("[" + "1,".repeat((1 << 20) + 1) + "1]x ");
        assertThat(parser.next(in)).isEqualTo(new JsonMessage.Invalid("JSON token count limit exceeded"));
        assertThat(parser.next(in))
                .isInstanceOfSatisfying(
                        JsonMessage.Invalid.class,
                        error -> assertThat(error.desc()).endsWith("invalid keyword 'x'"));
    }

    @Test
    void justBelowTwoMillionTokensAreAValue() {
        ByteBuffer in = bytes("[" + "1,".repeat((1 << 20) - 20) + "1]");
        assertThat(new JsonParser().next(in)).isInstanceOf(JsonMessage.Value.class);
    }

    @Test
    void messageOfMoreThan64MebibytesIsRefused() {
        JsonParser parser = new JsonParser();
        ByteBuffer piece = bytes("\"" + "a".repeat((1 << 20) - 3) + "\",");
        assertThat(parser.next(bytes("["))).isNull();
        JsonMessage message = null;
        for (int i = 0; i < 65 && message == null; i++) {
            message = parser.next(piece.rewind());
        }
        assertThat(message).isEqualTo(new JsonMessage.Invalid("JSON token size limit exceeded"));
    }

    @Test
    void tokenOfMoreThan64MebibytesIsCutOff() {
        JsonParser parser = new JsonParser();
        byte[] piece = new byte[1 << 20];
        Arrays.fill(piece, (byte) 'a');
        assertThat(parser.next(bytes("\""))).isNull();
        JsonMessage message = null;
        for (int i = 0; i < 65 && message == null; i++) {
            message = parser.next(ByteBuffer.wrap(piece));
        }
        assertThat(message).isInstanceOf(JsonMessage.Invalid.class);
        assertThat(parser.next(bytes("[]"))).isInstanceOf(JsonMessage.Value.class);
    }
}
