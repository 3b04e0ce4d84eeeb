package org.qsd4j.chardev;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The HTTP request that a WebSocket connection begins with, RFC 6455 section 4, and its answer. QEMU: channel-websock.c. */
final class WebSocketUpgrade {
    /** A request that is longer than that is refused. */
    static final int MAX_BYTES = 4096;

    static final String END = "\r\n\r\n";
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final String PROTOCOL = "binary";
    private static final int MAX_HEADERS = 32;
    private static final int KEY_CHARACTERS = 24;
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT);

    /**
     * @param response to be sent
     * @param accepted whether frames follow; the connection ends otherwise
     */
    record Answer(String response, boolean accepted) {}

    private WebSocketUpgrade() {}

    /** @param request all of it, without {@link #END} */
    static Answer answer(String request) {
        String[] lines = request.split("\r\n", -1);
        String[] words = lines[0].split(" ", 3);
        if (words.length < 3 || !words[0].equals("GET") || !words[2].equals("HTTP/1.1")) {
            // A path that is no word has the version in the wrong place, and is looked at first.
            boolean misplaced = words.length == 3 && words[0].equals("GET") && words[2].endsWith(" HTTP/1.1");
            return misplaced ? notFound() : badRequest();
        }
        if (!words[1].equals("/")) {
            return notFound();
        }
        Map<String, String> headers = headers(lines);
        if (headers == null || !isUpgrade(headers)) {
            return badRequest();
        }
        String protocol = headers.get("sec-websocket-protocol");
        String key = headers.getOrDefault("sec-websocket-key", "");
        return new Answer(
                response(
                        "101 Switching Protocols",
                        "Upgrade: websocket",
                        "Connection: Upgrade",
                        "Sec-WebSocket-Accept: " + accept(key),
                        protocol == null ? null : "Sec-WebSocket-Protocol: " + PROTOCOL),
                true);
    }

    private static @Nullable Map<String, String> headers(String[] lines) {
        Map<String, String> headers = new HashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon < 0 || i > MAX_HEADERS) {
                return null;
            }
            headers.put(
                    lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        return headers;
    }

    private static boolean isUpgrade(Map<String, String> headers) {
        return headers.containsKey("host")
                && headers.getOrDefault("sec-websocket-version", "").equals("13")
                && headers.getOrDefault("sec-websocket-key", "").length() == KEY_CHARACTERS
                && headers.getOrDefault("sec-websocket-protocol", PROTOCOL).contains(PROTOCOL)
                && headers.getOrDefault("upgrade", "").equalsIgnoreCase("websocket")
                && headers.getOrDefault("connection", "")
                        .toLowerCase(Locale.ROOT)
                        .contains("upgrade");
    }

    static Answer tooLarge() {
        return new Answer(response("403 Request Entity Too Large", "Connection: close"), false);
    }

    private static Answer notFound() {
        return new Answer(response("404 Not Found", "Connection: close"), false);
    }

    private static Answer badRequest() {
        return new Answer(response("400 Bad Request", "Connection: close", "Sec-WebSocket-Version: 13"), false);
    }

    private static String response(String status, @Nullable String... headers) {
        StringBuilder text = new StringBuilder("HTTP/1.1 ").append(status).append("\r\nServer: QEMU VNC\r\nDate: ");
        text.append(DATE.format(ZonedDateTime.now(ZoneOffset.UTC))).append("\r\n");
        for (String header : headers) {
            if (header != null) {
                text.append(header).append("\r\n");
            }
        }
        return text.append("\r\n").toString();
    }

    private static String accept(String key) {
        try {
            byte[] text = (key + GUID).getBytes(StandardCharsets.ISO_8859_1);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(text));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
