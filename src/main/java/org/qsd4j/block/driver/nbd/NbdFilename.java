package org.qsd4j.block.driver.nbd;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;

/**
 * Names of exports, as images have them of their backing files. URIs: {@code nbd://HOST[:PORT]/EXPORT}, {@code
 * nbd+tcp://…}, {@code nbd+unix:///EXPORT?socket=PATH}. The older form: {@code nbd:HOST:PORT[:exportname=EXPORT]}, {@code
 * nbd:unix:PATH[:exportname=EXPORT]}.
 */
final class NbdFilename {
    private static final String OLD_PREFIX = "nbd:";
    private static final String UNIX_SCHEME = "nbd+unix:";
    private static final String TCP_SCHEME = "nbd+tcp:";
    private static final String OLD_UNIX = "unix:";
    private static final String OLD_EXPORT = ":exportname=";
    private static final String SOCKET = "socket=";
    private static final String DEFAULT_PORT = "10809";
    private static final int MAX_PORT = 65535;

    private NbdFilename() {}

    /**
     * The definition of the node, or null if the name is no export's.
     *
     * @throws QapiException for one that is meant to be and can't
     */
    static @Nullable ObjectNode parse(String filename) {
        boolean unix = filename.startsWith(UNIX_SCHEME);
        if (!unix && !filename.startsWith(TCP_SCHEME) && !filename.startsWith(OLD_PREFIX)) {
            return null;
        }
        int authority = filename.indexOf("://");
        if (authority >= 0) {
            return uri(unix, filename.substring(authority + 3));
        }
        if (!filename.startsWith(OLD_PREFIX)) {
            throw QapiException.generic("File name string for NBD must start with 'nbd:'");
        }
        return old(filename.substring(OLD_PREFIX.length()));
    }

    private static ObjectNode uri(boolean unix, String afterScheme) {
        String rest = before(afterScheme, '#');
        String query = after(rest, '?');
        rest = before(rest, '?');
        int slash = rest.indexOf('/');
        String authority = slash < 0 ? rest : rest.substring(0, slash);
        String path = decode(slash < 0 ? "" : rest.substring(slash));
        String export = path.substring(leadingSlashes(path));
        if (!unix) {
            if (!query.isEmpty()) {
                throw invalidUri();
            }
            return inetUri(authority.substring(authority.indexOf('@') + 1), export);
        }
        if (!authority.isEmpty() || !query.startsWith(SOCKET) || query.indexOf('&') >= 0) {
            throw invalidUri();
        }
        return unix(decode(query.substring(SOCKET.length())), export);
    }

    private static ObjectNode inetUri(String authority, String export) {
        int colon = authority.lastIndexOf(':');
        boolean hasPort = colon >= 0 && authority.indexOf(']', colon) < 0;
        String host = decode(withoutBrackets(hasPort ? authority.substring(0, colon) : authority));
        String port = hasPort ? authority.substring(colon + 1) : "";
        if (host.isEmpty() || !(port.isEmpty() || isPort(port))) {
            throw invalidUri();
        }
        return inet(host, port.isEmpty() ? DEFAULT_PORT : port, export);
    }

    private static ObjectNode old(String name) {
        int at = name.indexOf(OLD_EXPORT);
        String address = at < 0 ? name : name.substring(0, at);
        String export = at < 0 ? "" : name.substring(at + OLD_EXPORT.length());
        if (address.isEmpty() || (at >= 0 && export.isEmpty())) {
            throw QapiException.generic("NBD server address missing");
        }
        if (address.startsWith(OLD_UNIX)) {
            return unix(address.substring(OLD_UNIX.length()), export);
        }
        int colon = address.startsWith("[") ? address.indexOf("]:") + 1 : address.indexOf(':');
        if (colon <= 0 || address.indexOf(',') >= 0) {
            throw QapiException.generic("error parsing address '%s'", address);
        }
        return inet(withoutBrackets(address.substring(0, colon)), address.substring(colon + 1), export);
    }

    private static ObjectNode unix(String path, String export) {
        ObjectNode server = JsonNodeFactory.instance.objectNode();
        server.put("type", "unix");
        server.put("path", path);
        return definition(server, export);
    }

    private static ObjectNode inet(String host, String port, String export) {
        ObjectNode server = JsonNodeFactory.instance.objectNode();
        server.put("type", "inet");
        server.put("host", host);
        server.put("port", port);
        return definition(server, export);
    }

    private static ObjectNode definition(ObjectNode server, String export) {
        ObjectNode options = JsonNodeFactory.instance.objectNode();
        options.put("driver", "nbd");
        options.set("server", server);
        if (!export.isEmpty()) {
            options.put("export", export);
        }
        return options;
    }

    private static QapiException invalidUri() {
        return QapiException.generic("No valid URL specified");
    }

    private static boolean isPort(String port) {
        return port.length() <= 5
                && port.chars().allMatch(c -> c >= '0' && c <= '9')
                && Integer.parseInt(port) <= MAX_PORT;
    }

    private static String withoutBrackets(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    private static int leadingSlashes(String path) {
        int count = 0;
        while (count < path.length() && path.charAt(count) == '/') {
            count++;
        }
        return count;
    }

    private static String before(String text, char mark) {
        int at = text.indexOf(mark);
        return at < 0 ? text : text.substring(0, at);
    }

    private static String after(String text, char mark) {
        int at = text.indexOf(mark);
        return at < 0 ? "" : text.substring(at + 1);
    }

    /** Undoes %XX; unlike in forms, '+' is itself. */
    private static String decode(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != '%') {
                out.write(bytes[i]);
                continue;
            }
            int high = i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
            int low = i + 2 < bytes.length ? Character.digit(bytes[i + 2], 16) : -1;
            if (high < 0 || low < 0 || high + low == 0) {
                throw invalidUri();
            }
            out.write(high << 4 | low);
            i += 2;
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
