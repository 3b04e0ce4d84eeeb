package org.qsd4j.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** One long session about objects is answered like by the real daemon; {@code record-qom.py} records anew. */
class QomRecordingTest {
    @Test
    void answersAreTheRealDaemons() throws Exception {
        try (QmpTestClient client = new QmpTestClient(false);
                InputStream in = QomRecordingTest.class.getResourceAsStream("qom-recording.txt")) {
            List<String> lines = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            client.send("{'execute':'qmp_capabilities'}");
            for (int i = 0; i < lines.size(); i += 2) {
                client.send(lines.get(i));
                assertThat(client.lastLine()).as(lines.get(i)).isEqualTo(lines.get(i + 1));
            }
            assertThat(client.reported()).isEmpty();
        }
    }
}
