package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.qsd4j.qapi.QapiException;

/** A QMP client that shows what goes over the line. One thread. */
final class QmpClient implements AutoCloseable {
    private final SocketChannel channel;
    private final BufferedReader lines;
    private final Consumer<String> show;
    private final ObjectMapper json = new ObjectMapper();

    /** @param show takes every line, "-> " before what is sent and "<- " before what comes */
    QmpClient(Path socket, Consumer<String> show) throws IOException {
        this.show = show;
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        lines = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
        read();
        execute("{\"execute\": \"qmp_capabilities\"}");
    }

    /** Sends a command and waits for its reply; events that come first are shown only. */
    JsonNode execute(String command) throws IOException {
        show.accept("-> " + command);
        channel.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8)));
        JsonNode reply = read();
        while (reply.has("event")) {
            reply = read();
        }
        if (reply.has("error")) {
            throw QapiException.generic("%s", reply.at("/error/desc").asText());
        }
        return reply.path("return");
    }

    private JsonNode read() throws IOException {
        String line = lines.readLine();
        if (line == null) {
            throw new IOException("the daemon has closed the connection");
        }
        show.accept("<- " + line);
        return json.readTree(line);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
