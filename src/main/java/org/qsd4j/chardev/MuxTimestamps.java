package org.qsd4j.chardev;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/** The time since they were switched on, before each line that begins after that. One thread. */
final class MuxTimestamps {
    private boolean on;
    private long startNanos;
    private boolean lineStart;

    void toggle() {
        on = !on;
        startNanos = System.nanoTime();
        lineStart = false;
    }

    /** The output as it is sent. */
    byte[] stamp(byte[] output) {
        if (!on) {
            return output;
        }
        ByteArrayOutputStream stamped = new ByteArrayOutputStream(output.length);
        for (byte b : output) {
            if (lineStart) {
                stamped.writeBytes(now());
            }
            stamped.write(b);
            lineStart = b == '\n';
        }
        return stamped.toByteArray();
    }

    private byte[] now() {
        Duration passed = Duration.ofNanos(System.nanoTime() - startNanos);
        return String.format(
                        Locale.ROOT,
                        "[%02d:%02d:%02d.%03d] ",
                        passed.toHours(),
                        passed.toMinutesPart(),
                        passed.toSecondsPart(),
                        passed.toMillisPart())
                .getBytes(StandardCharsets.US_ASCII);
    }
}
