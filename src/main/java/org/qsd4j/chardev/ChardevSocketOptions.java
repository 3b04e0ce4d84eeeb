package org.qsd4j.chardev;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;

/** The options of {@code --chardev socket}, put into the schema's form. */
final class ChardevSocketOptions {
    private ChardevSocketOptions() {}

    static void put(ChardevOpts opts, ObjectNode data) {
        putAddress(opts, data.putObject("addr"));
        boolean server = Boolean.TRUE.equals(opts.bool("server"));
        data.put("server", server);
        Boolean wait = opts.bool("wait");
        ChardevCommandLine.put(data, "wait", (wait == null && server) ? Boolean.TRUE : wait);
        ChardevCommandLine.put(data, "nodelay", noDelay(opts));
        ChardevCommandLine.put(data, "telnet", opts.bool("telnet"));
        ChardevCommandLine.put(data, "tn3270", opts.bool("tn3270"));
        ChardevCommandLine.put(data, "websocket", opts.bool("websocket"));
        Long reconnect = opts.number("reconnect-ms");
        if (reconnect != null) {
            data.put("reconnect-ms", reconnect);
        }
        ChardevCommandLine.put(data, "tls-creds", opts.get("tls-creds"));
        ChardevCommandLine.put(data, "tls-authz", opts.get("tls-authz"));
    }

    private static @Nullable Boolean noDelay(ChardevOpts opts) {
        Boolean delay = opts.bool("delay");
        Boolean noDelay = opts.bool("nodelay");
        if (delay != null && noDelay != null) {
            throw QapiException.generic("'delay' and 'nodelay' are mutually exclusive");
        }
        return delay == null ? noDelay : Boolean.valueOf(!delay);
    }

    private static void putAddress(ChardevOpts opts, ObjectNode address) {
        String path = opts.get("path");
        String host = opts.get("host");
        String fd = opts.get("fd");
        int given = (path == null ? 0 : 1) + (host == null ? 0 : 1) + (fd == null ? 0 : 1);
        if (given > 1) {
            throw QapiException.generic("None or one of 'path', 'fd' or 'host' option required.");
        }
        ObjectNode data;
        if (path != null) {
            data = address.put("type", "unix").putObject("data");
            data.put("path", path);
            ChardevCommandLine.put(data, "abstract", opts.bool("abstract"));
            ChardevCommandLine.put(data, "tight", opts.bool("tight"));
        } else if (host != null) {
            data = address.put("type", "inet").putObject("data");
            putInet(opts, host, data);
        } else {
            address.put("type", "fd").putObject("data").put("str", fd == null ? "" : fd);
        }
    }

    private static void putInet(ChardevOpts opts, String host, ObjectNode data) {
        String port = opts.get("port");
        if (port == null) {
            throw QapiException.generic("chardev: socket: no port given");
        }
        data.put("host", host);
        data.put("port", port);
        Long to = opts.number("to");
        if (to != null) {
            data.put("to", to & 0xffff);
        }
        ChardevCommandLine.put(data, "ipv4", opts.bool("ipv4"));
        ChardevCommandLine.put(data, "ipv6", opts.bool("ipv6"));
    }
}
