package org.qsd4j.qapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.qsd4j.qapi.gen.QmpDispatchTable;
import org.qsd4j.testing.RealDaemon;

/** What we say of arguments that don't fit, against the real daemon itself. */
class RealArgumentErrorsTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int ROUNDS = 1500;
    private static final String FITS = "fits";

    /** The texts of the visitor; every other error means that the arguments fit, and something else was wrong. */
    private static final Pattern VISITOR_ERROR = Pattern.compile(
            "Parameter '.*' (is missing|is unexpected|does not accept value '.*'|expects u?int[0-9]+(_t)?)"
                    + "|Invalid parameter type for '.*', expected: .*",
            Pattern.DOTALL);

    private static String ours(String command, ObjectNode arguments) {
        QmpDispatchTable.Entry entry = DispatchTables.refusing().find(command);
        assertThat(entry).isNotNull();
        try {
            entry.handle(arguments);
        } catch (QapiException e) {
            return e.desc();
        } catch (UnsupportedOperationException e) {
            return FITS;
        }
        throw new AssertionError("the table has called nothing");
    }

    private static String real(RealDaemon daemon, String command, JsonNode arguments) throws Exception {
        String desc =
                daemon.execute(command, arguments).path("error").path("desc").asText();
        return VISITOR_ERROR.matcher(desc).matches() ? desc : FITS;
    }

    @Test
    void randomlySpoiltArgumentsGetTheSameAnswer() throws Exception {
        long seed = Long.getLong("qsd4j.seed", System.nanoTime());
        Random random = new Random(seed);
        ArgumentSpoiler spoiler = new ArgumentSpoiler(random);
        List<String> commands =
                MalformedCommandsTest.lines("/qapi/valid-commands.txt").toList();
        RealDaemon daemon = new RealDaemon();
        try {
            for (int i = 0; i < ROUNDS; i++) {
                JsonNode command = MAPPER.readTree(commands.get(random.nextInt(commands.size())));
                String name = command.get("execute").asText();
                ObjectNode arguments = spoiler.spoil(command.get("arguments"));
                String real;
                try {
                    real = real(daemon, name, arguments);
                } catch (IOException e) {
                    // It dies of some arguments that fit (blockdev-reopen of nothing), which says nothing of ours.
                    daemon = new RealDaemon();
                    continue;
                }
                assertThat(ours(name, arguments))
                        .as("%s %s, -Dqsd4j.seed=%d", name, arguments, seed)
                        .isEqualTo(real);
            }
        } finally {
            daemon.close();
        }
    }

    @Test
    void recordedAnswersAreStillTrue() throws Exception {
        List<String> lines = MalformedCommandsTest.malformedCommands().toList();
        try (RealDaemon daemon = new RealDaemon()) {
            for (String line : lines) {
                int arrow = line.lastIndexOf(" -> ");
                JsonNode command = MAPPER.readTree(line.substring(0, arrow));
                assertThat(real(daemon, command.get("execute").asText(), command.get("arguments")))
                        .as(line)
                        .isEqualTo(line.substring(arrow + " -> ".length()));
            }
        }
    }
}
