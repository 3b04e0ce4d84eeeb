package org.qsd4j.monitor.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.chardev.Chardevs;
import org.qsd4j.chardev.TestChardevs;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.ChardevBackend;
import org.qsd4j.qapi.gen.ChardevInfo;
import org.qsd4j.qapi.gen.DataFormat;
import org.qsd4j.qapi.json.JsonParser;
import org.qsd4j.util.Reporter;

/** What the black-box test of chardevs can't see. */
@Timeout(30)
class CharCommandsTest {
    @TempDir
    Path dir;

    private final Chardevs chardevs = TestChardevs.open(Reporter.SILENT);
    private final CharCommandsHandler commands = new CharCommandsHandler(chardevs);

    @AfterEach
    void close() {
        chardevs.close();
    }

    private void add(String id, String backend) {
        commands.chardevAdd(id, ChardevBackend.visit(new JsonInputVisitor(JsonParser.parse(backend)), null));
    }

    private static long descriptors() throws Exception {
        try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
            return list.count();
        }
    }

    @Test
    void nothingStaysOpenOfWhatIsRemovedOrCouldNotBeMade() throws Exception {
        Path pipe = dir.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        String log = ",'logfile':'" + dir.resolve("log") + "'}}";
        String[] good = {
            "{'type':'pipe','data':{'device':'" + pipe + "'" + log,
            "{'type':'file','data':{'out':'" + dir.resolve("out") + "','in':'/dev/null'" + log,
            "{'type':'ringbuf','data':{'size':8" + log
        };
        String[] bad = {
            "{'type':'pipe','data':{'device':'" + dir.resolve("none") + "'" + log,
            "{'type':'file','data':{'out':'" + dir.resolve("out") + "','in':'" + dir.resolve("none") + "'" + log,
            "{'type':'ringbuf','data':{'size':9" + log,
            "{'type':'socket','data':{'addr':{'type':'unix','data':{'path':'" + dir.resolve("no/s") + "'}}" + log
        };
        cycle(good, bad);
        long before = descriptors();
        for (int i = 0; i < 10; i++) {
            cycle(good, bad);
        }
        assertThat(descriptors()).isLessThan(before + 10);
    }

    private void cycle(String[] good, String... bad) {
        for (String backend : good) {
            add("a", backend);
            commands.chardevRemove("a");
        }
        for (String backend : bad) {
            assertThatThrownBy(() -> add("a", backend)).hasMessageStartingWith("Failed to add chardev 'a': ");
        }
    }

    @Test
    void chardevsAreListedInTheOrderOfTheRealDaemon() {
        for (String id : new String[] {"m", "s", "0s", "n", "r", "f"}) {
            add(id, "{'type':'null','data':{}}");
        }
        assertThat(commands.queryChardev())
                .extracting(ChardevInfo::label)
                .containsExactly("f", "m", "r", "0s", "n", "s");
    }

    @Test
    void nulEndsWhatIsReadAsText() {
        add("r", "{'type':'ringbuf','data':{}}");
        commands.ringbufWrite("r", "//5hAGI=", DataFormat.BASE64);
        assertThat(commands.ringbufRead("r", 100, null)).isEqualTo("\uFFFD\uFFFDa");
        commands.ringbufWrite("r", "//5hAGI=", DataFormat.BASE64);
        assertThat(commands.ringbufRead("r", 100, DataFormat.BASE64)).isEqualTo("//5hAGI=");
    }
}
