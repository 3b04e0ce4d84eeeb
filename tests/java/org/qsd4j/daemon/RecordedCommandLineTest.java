package org.qsd4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Command lines that fail do so with the real daemon's words and exit code; tests/record-command-lines recorded them. */
class RecordedCommandLineTest {
    private static final Path RECORDS = Path.of("tests/resources/commandline");

    private record Outcome(int exit, String out, String err) {}

    static Stream<JsonNode> cases() throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        Stream.Builder<JsonNode> cases = Stream.builder();
        try (var files = Files.newDirectoryStream(RECORDS, "*.jsonl")) {
            for (Path file : files) {
                for (String line : Files.readAllLines(file)) {
                    cases.add(mapper.readTree(line));
                }
            }
        }
        return cases.build();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void failsLikeTheRealDaemon(JsonNode recorded) {
        List<String> arguments = StreamSupport.stream(recorded.get("args").spliterator(), false)
                .map(JsonNode::asText)
                .toList();
        assertThat(run(arguments.toArray(String[]::new)))
                .isEqualTo(new Outcome(
                        recorded.get("exit").asInt(),
                        recorded.get("out").asText(),
                        recorded.get("err").asText()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "-h", "--he", "-hx"})
    void helpBeatsWhatStandsBesideIt(String option) {
        Outcome outcome = run("--blockdev", "nonsense", option, "--bogus");
        assertThat(outcome.exit()).isZero();
        assertThat(outcome.out()).startsWith("Usage: qemu-storage-daemon [options]\n");
        assertThat(outcome.err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "-V", "--v", "-Vx"})
    void versionIsThatOfTheRealDaemon(String option) {
        Outcome outcome = run("stray", option);
        assertThat(outcome.exit()).isZero();
        assertThat(outcome.out()).startsWith("qemu-storage-daemon version 11.1.3 (qsd4j ");
    }

    private static Outcome run(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exit = new Main(new Program("qemu-storage-daemon"), out, err, stop -> {}).run(null, arguments);
        return new Outcome(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
