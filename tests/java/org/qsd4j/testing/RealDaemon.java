package org.qsd4j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * The real storage daemon, version 11, driven over its standard input and output. Where there is none the test is skipped,
 * in CI too: no release of Debian that CI runs on packages it, and what it says is recorded for the tests that must run.
 */
public final class RealDaemon implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final OutputStream input;
    private final BufferedReader output;

    public RealDaemon() throws IOException {
        process = RealTools.start("qemu-storage-daemon", "--chardev", "stdio,id=m", "--monitor", "chardev=m");
        input = process.getOutputStream();
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        requireVersion11(output.readLine());
        execute("qmp_capabilities", null);
    }

    /** Older versions word errors differently, and say less of nodes. */
    private void requireVersion11(String greeting) throws IOException {
        int major = JSON.readTree(greeting).at("/QMP/version/qemu/major").asInt();
        if (major != 11) {
            process.destroyForcibly();
            Assumptions.abort("missing: qemu-storage-daemon 11 (found " + major + "), to compare with");
        }
    }

    /** The reply, {@code {"return": …}} or {@code {"error": …}}; events on the way are dropped. */
    public JsonNode execute(String command, @Nullable JsonNode arguments) throws IOException {
        ObjectNode request = JSON.createObjectNode();
        request.put("execute", command);
        if (arguments != null) {
            request.set("arguments", arguments);
        }
        input.write(JSON.writeValueAsBytes(request));
        input.write('\n');
        input.flush();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (!line.startsWith("{")) {
                continue; // a warning: standard error comes the same way
            }
            JsonNode message = JSON.readTree(line);
            if (!message.has("event")) {
                return message;
            }
        }
        throw new IOException("the real daemon has gone");
    }

    @Override
    public void close() throws IOException {
        try {
            execute("quit", null);
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new IOException("the real daemon hangs");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
    }
}
