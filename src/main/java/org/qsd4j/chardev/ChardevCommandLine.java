package org.qsd4j.chardev;

import static org.qsd4j.chardev.ChardevOpts.Type.BOOL;
import static org.qsd4j.chardev.ChardevOpts.Type.NUMBER;
import static org.qsd4j.chardev.ChardevOpts.Type.SIZE;
import static org.qsd4j.chardev.ChardevOpts.Type.STRING;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.ChardevBackend;
import org.qsd4j.util.Reporter;

/**
 * Reads {@code --chardev}. Its options are those of all kinds of chardevs together, as in QEMU, also of kinds that neither
 * daemon has; what a kind has no use for is passed over.
 */
public final class ChardevCommandLine {
    /** What {@code help} prints, and the exit status after it. */
    public record Help(String text, int exitStatus) {}

    private static final Map<String, ChardevOpts.Type> OPTIONS = new TreeMap<>(Map.ofEntries(
            Map.entry("backend", STRING),
            Map.entry("path", STRING),
            Map.entry("input-path", STRING),
            Map.entry("host", STRING),
            Map.entry("port", STRING),
            Map.entry("fd", STRING),
            Map.entry("to", NUMBER),
            Map.entry("ipv4", BOOL),
            Map.entry("ipv6", BOOL),
            Map.entry("server", BOOL),
            Map.entry("wait", BOOL),
            Map.entry("delay", BOOL),
            Map.entry("nodelay", BOOL),
            Map.entry("reconnect-ms", NUMBER),
            Map.entry("telnet", BOOL),
            Map.entry("tn3270", BOOL),
            Map.entry("websocket", BOOL),
            Map.entry("tls-creds", STRING),
            Map.entry("tls-authz", STRING),
            Map.entry("abstract", BOOL),
            Map.entry("tight", BOOL),
            Map.entry("signal", BOOL),
            Map.entry("append", BOOL),
            Map.entry("size", SIZE),
            Map.entry("localaddr", STRING),
            Map.entry("localport", STRING),
            Map.entry("mux", BOOL),
            Map.entry("chardev", STRING),
            Map.entry("chardevs.0", STRING),
            Map.entry("chardevs.1", STRING),
            Map.entry("chardevs.2", STRING),
            Map.entry("chardevs.3", STRING),
            Map.entry("clipboard", BOOL),
            Map.entry("cols", NUMBER),
            Map.entry("debug", NUMBER),
            Map.entry("encoding", STRING),
            Map.entry("height", NUMBER),
            Map.entry("mouse", BOOL),
            Map.entry("name", STRING),
            Map.entry("rows", NUMBER),
            Map.entry("width", NUMBER),
            Map.entry("logfile", STRING),
            Map.entry("logappend", BOOL),
            Map.entry("logtimestamp", BOOL)));

    private ChardevCommandLine() {}

    /** What the argument asks to be told instead of making a chardev; null if it doesn't ask. */
    public static @Nullable Help help(String argument, Reporter reporter) {
        ChardevOpts opts = parseOpts(argument, reporter);
        String kind = opts.get("backend");
        boolean listWanted = "help".equals(kind) || "?".equals(kind);
        if (!opts.helpWanted() && !listWanted) {
            return null;
        }
        StringBuilder text = new StringBuilder();
        if (listWanted) {
            text.append("Available chardev backend types: \n");
            List<String> kinds = new ArrayList<>(Chardevs.KINDS);
            Collections.reverse(kinds);
            kinds.forEach(name -> text.append("  ").append(name).append('\n'));
            return new Help(text.toString(), 0);
        }
        text.append("chardev options:\n");
        OPTIONS.forEach((name, type) ->
                text.append("  ").append(name).append('=').append(shown(type)).append('\n'));
        return new Help(text.toString(), 1);
    }

    private static String shown(ChardevOpts.Type type) {
        return switch (type) {
            case STRING -> "<str>";
            case BOOL -> "<bool (on/off)>";
            case NUMBER -> "<num>";
            case SIZE -> "<size>";
        };
    }

    /** Reads the argument; the reporter takes warnings about forms that are out of use. */
    public static ChardevOptions parse(String argument, Reporter reporter) {
        ChardevOpts opts = parseOpts(argument, reporter);
        String id = opts.id();
        if (id == null) {
            throw QapiException.generic("chardev: no id specified");
        }
        String kind = opts.get("backend");
        if (kind == null) {
            throw QapiException.generic("chardev: \"%s\" missing backend", id);
        }
        ObjectNode backend = QapiJson.object();
        backend.put("type", kind);
        ObjectNode data = backend.putObject("data");
        put(data, "logfile", opts.get("logfile"));
        put(data, "logappend", opts.bool("logappend"));
        put(data, "logtimestamp", opts.bool("logtimestamp"));
        switch (kind) {
            case "socket" -> ChardevSocketOptions.put(opts, data);
            case "file" -> putFile(opts, data);
            case "pipe" -> data.put("device", required(opts, "path", "chardev: pipe: no device path given"));
            case "stdio" -> put(data, "signal", opts.bool("signal"));
            case "ringbuf", "memory" -> putSize(opts, data);
            case "serial" -> data.put("device", required(opts, "path", "chardev: serial/tty: no device path given"));
            case "parallel" -> data.put("device", required(opts, "path", "chardev: parallel: no device path given"));
            case "udp" -> putUdp(opts, data);
            case "pty" -> put(data, "path", opts.get("path"));
            case "mux" -> data.put("chardev", required(opts, "chardev", "chardev: mux: no chardev given"));
            case "null" -> {}
            default -> throw QapiException.generic("'%s' is not a valid char driver name", kind);
        }
        boolean shared = Boolean.TRUE.equals(opts.bool("mux"));
        return new ChardevOptions(id, ChardevBackend.visit(new JsonInputVisitor(backend), null), shared);
    }

    private static void putUdp(ChardevOpts opts, ObjectNode data) {
        putInet(
                data,
                "remote",
                opts.get("host"),
                "localhost",
                required(opts, "port", "chardev: udp: remote port not specified"));
        String address = opts.get("localaddr");
        String port = opts.get("localport");
        if (address != null || port != null) {
            putInet(data, "local", address, "", port == null || port.isEmpty() ? "0" : port);
        }
    }

    private static void putInet(ObjectNode data, String name, @Nullable String host, String defaultHost, String port) {
        ObjectNode address = data.putObject(name).put("type", "inet").putObject("data");
        address.put("host", host == null || host.isEmpty() ? defaultHost : host).put("port", port);
    }

    private static ChardevOpts parseOpts(String argument, Reporter reporter) {
        return ChardevOpts.parse(argument, OPTIONS, reporter::warning);
    }

    private static void putFile(ChardevOpts opts, ObjectNode data) {
        data.put("out", required(opts, "path", "chardev: file: no filename given"));
        put(data, "in", opts.get("input-path"));
        put(data, "append", opts.bool("append"));
    }

    /** A size of 0 is as good as none. */
    private static void putSize(ChardevOpts opts, ObjectNode data) {
        Long size = opts.size("size");
        if (size != null && size != 0) {
            data.put("size", size);
        }
    }

    private static String required(ChardevOpts opts, String name, String message) {
        String value = opts.get(name);
        if (value == null) {
            throw QapiException.generic("%s", message);
        }
        return value;
    }

    static void put(ObjectNode data, String name, @Nullable String value) {
        if (value != null) {
            data.put(name, value);
        }
    }

    static void put(ObjectNode data, String name, @Nullable Boolean value) {
        if (value != null) {
            data.put(name, value);
        }
    }
}
