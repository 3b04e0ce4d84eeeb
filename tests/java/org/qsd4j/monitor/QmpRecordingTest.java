package org.qsd4j.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Ours answers odd input with the same bytes as the real daemon, from whose run {@code qmp-recording.txt} is; {@code
 * record-qmp.py} beside it records anew.
 */
class QmpRecordingTest {
    private static final int[] PIECES = {Integer.MAX_VALUE, 1, 7};

    @TestFactory
    Stream<DynamicTest> answersAreTheRealDaemonsToTheByte() throws Exception {
        List<String> lines = recording().lines().toList();
        return Stream.iterate(0, i -> i + 2 <= lines.size(), i -> i + 2).map(i -> {
            String input = lines.get(i);
            return DynamicTest.dynamicTest(
                    "line " + (i + 1) + ": " + input.substring(0, Math.min(input.length(), 100)),
                    () -> check(input, lines.get(i + 1)));
        });
    }

    private static void check(String input, String expected) {
        for (int piece : PIECES) {
            try (QmpTestClient client = new QmpTestClient(input.startsWith("p"))) {
                byte[] data = unescaped(input.substring(2));
                client.chardev().receive(data, piece);
                assertThat(escaped(client.chardev().sent())).isEqualTo(expected);
            }
        }
    }

    private static String recording() throws Exception {
        try (InputStream in = QmpRecordingTest.class.getResourceAsStream("qmp-recording.txt")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private static byte[] unescaped(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                bytes.write(c);
            } else if (text.charAt(i + 1) == '\\') {
                bytes.write(c);
                i++;
            } else {
                bytes.write(Integer.parseInt(text.substring(i + 2, i + 4), 16));
                i += 3;
            }
        }
        return bytes.toByteArray();
    }

    private static String escaped(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (byte b : bytes) {
            if (b == '\\') {
                text.append("\\\\");
            } else if (b >= 32 && b < 127) {
                text.append((char) b);
            } else {
                text.append(String.format("\\x%02x", b));
            }
        }
        return text.toString();
    }
}
