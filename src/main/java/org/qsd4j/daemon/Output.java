package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.qsd4j.qapi.QmpJsonWriter;

/** Standard output, or what stands for it: UTF-8 whatever the locale says, and each text written at once. */
final class Output {
    private final OutputStream stream;

    Output(OutputStream stream) {
        this.stream = stream;
    }

    void print(String text) {
        try {
            stream.write(text.getBytes(StandardCharsets.UTF_8));
            stream.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** JSON for programs, on many lines. */
    static String pretty(JsonNode json) {
        String text = new String(QmpJsonWriter.toBytes(json, true), StandardCharsets.UTF_8);
        return text.replace("\r", "").stripTrailing() + "\n";
    }
}
