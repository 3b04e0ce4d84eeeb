package org.qsd4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qapi.json.JsonParser;

/** Whoever ends the daemon doesn't wait for what a throttle group lets through in minutes. */
class CancelledCreationTest {
    @TempDir
    Path dir;

    private final List<String> statuses = new ArrayList<>();

    private static JsonInputVisitor visitor(String json) {
        return new JsonInputVisitor(JsonParser.parse(json));
    }

    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void imageOverAThrottleThatIsOnlyOpenedAfterTheEndBegan() throws Exception {
        Path file = Files.createFile(dir.resolve("f"));
        try (StorageEngine engine = new StorageEngine(line -> {}, event -> {
            JsonNode data = Objects.requireNonNull(event.data());
            statuses.add(data.path("status").asText());
        })) {
            engine.objects()
                    .add(ObjectOptions.visit(
                            visitor("{'qom-type': 'throttle-group', 'id': 'g', 'limits': {'bps-write': 1000}}"), null));
            engine.graph()
                    .add(BlockdevOptions.visit(
                            visitor("{'driver': 'throttle', 'node-name': 't', 'throttle-group': 'g',"
                                    + " 'file': {'driver': 'file', 'filename': '" + file + "'}}"),
                            null));
            engine.jobs()
                    .startCreate(
                            "j",
                            BlockdevCreateOptions.visit(
                                    visitor("{'driver': 'qcow2', 'file': 't', 'size': 1048576}"), null));
            // The job opens what it writes to as soon as the loop serves it, which is inside this call.
            engine.jobs().cancelAll();
        }
        assertThat(statuses).containsExactly("created", "running", "aborting", "concluded", "null");
    }
}
