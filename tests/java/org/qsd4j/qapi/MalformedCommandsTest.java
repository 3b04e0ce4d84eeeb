package org.qsd4j.qapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.qapi.gen.QmpDispatchTable;

/** Arguments that don't fit the schema, against what the real daemon says of them. */
class MalformedCommandsTest {
    private static final String ARROW = " -> ";

    static Stream<String> malformedCommands() throws IOException {
        return Stream.concat(lines("/qapi/malformed-commands.txt"), lines("/qapi/unexpected-members.txt"));
    }

    static Stream<String> lines(String resource) throws IOException {
        try (InputStream in = MalformedCommandsTest.class.getResourceAsStream(resource)) {
            assertThat(in).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("#"));
        }
    }

    @ParameterizedTest
    @MethodSource("malformedCommands")
    void commandIsRefusedInTheRealDaemonsWords(String line) throws Exception {
        int arrow = line.lastIndexOf(ARROW);
        JsonNode command = new ObjectMapper().readTree(line.substring(0, arrow));
        QmpDispatchTable.Entry entry =
                DispatchTables.refusing().find(command.get("execute").asText());
        assertThat(entry).isNotNull();
        assertThatThrownBy(() -> entry.handle((ObjectNode) command.get("arguments")))
                .isInstanceOf(QapiException.class)
                .hasMessage(line.substring(arrow + ARROW.length()));
    }

    @Test
    void oneOfThousandsOfUnexpectedMembersIsNamed() {
        ObjectNode arguments = QapiJson.object();
        for (int i = 0; i < 5000; i++) {
            arguments.put("m" + i, 0);
        }
        QmpDispatchTable.Entry entry = DispatchTables.refusing().find("query-version");
        assertThat(entry).isNotNull();
        assertThatThrownBy(() -> entry.handle(arguments)).hasMessage("Parameter 'm3203' is unexpected");
    }

    @Test
    void fittingCommandArrives() {
        QmpDispatchTable.Entry entry = DispatchTables.refusing().find("blockdev-del");
        assertThat(entry).isNotNull();
        assertThatThrownBy(() -> entry.handle(QapiJson.object().put("node-name", "n")))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("blockdevDel[n]");
    }

    @Test
    void everyCommandIsFoundByItsName() {
        assertThat(QmpDispatchTable.names()).contains("blockdev-add", "quit").allSatisfy(name -> {
            QmpDispatchTable.Entry entry = DispatchTables.refusing().find(name);
            assertThat(entry).isNotNull();
            assertThat(entry.name()).isEqualTo(name);
        });
        assertThat(DispatchTables.refusing().find("nix")).isNull();
    }

    @Test
    void featuresOfACommandAreKnown() {
        QmpDispatchTable.Entry entry = DispatchTables.refusing().find("nbd-server-add");
        assertThat(entry).isNotNull();
        assertThat(entry.features()).containsExactly("deprecated");
    }
}
