package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.NbdServerOptions;
import org.qsd4j.qapi.gen.ObjectOptions;

/** Offers an image to NBD clients until the command is interrupted. */
final class ServeCommand implements Subcommand {
    private static final String DEFAULT_PORT = "10809";
    private static final String HOST = "localhost";
    private static final String CREDENTIALS = "serve-tls";

    @Override
    public String name() {
        return "serve";
    }

    @Override
    public String synopsis() {
        return "IMAGE [--socket PATH | --port N] [--name EXPORT] [--writable] [--format raw|qcow2]"
                + " [--tls-certificates DIR | --tls-psk DIR]";
    }

    @Override
    public String summary() {
        return "offer a disk image to NBD clients of this machine, until Ctrl-C";
    }

    @Override
    public List<Option> options() {
        return List.of(
                new Option("socket", true),
                new Option("port", true),
                new Option("name", true),
                new Option("writable", false),
                new Option("format", true),
                new Option("tls-certificates", true),
                new Option("tls-psk", true));
    }

    @Override
    public int run(Tool tool, ToolArguments arguments) throws Exception {
        if (arguments.operands().size() != 1) {
            throw new UsageException("one image is needed");
        }
        if (arguments.has("socket") && arguments.has("port")) {
            throw new UsageException("--socket and --port exclude each other");
        }
        if (arguments.has("tls-certificates") && arguments.has("tls-psk")) {
            throw new UsageException("--tls-certificates and --tls-psk exclude each other");
        }
        String image = arguments.operands().get(0);
        boolean writable = arguments.has("writable");
        String format = ImageNode.format(image, writable, arguments.get("format"));
        String exportName = arguments.has("name") ? String.valueOf(arguments.get("name")) : "";
        try (StorageEngine engine = new StorageEngine(tool.report()::error, event -> {})) {
            tool.signals().accept(() -> engine.loop().execute(engine.loop()::stop));
            engine.graph().add(ImageNode.options(image, format, writable));
            if (hasTls(arguments)) {
                engine.objects().add(credentials(arguments));
            }
            engine.nbdServer().start(server(arguments));
            engine.exports().add(export(exportName, writable));
            tool.out()
                    .print(image + " (" + format + (writable ? "" : ", read-only") + ") is at "
                            + uri(arguments, engine.nbdServer().address(), exportName) + "; Ctrl-C ends it\n");
            engine.loop().run();
        }
        return 0;
    }

    private static NbdServerOptions server(ToolArguments arguments) {
        ObjectNode address = QapiJson.object();
        String socket = arguments.get("socket");
        if (socket != null) {
            address.put("type", "unix")
                    .put("path", Path.of(socket).toAbsolutePath().toString());
        } else {
            String port = arguments.get("port");
            address.put("type", "inet").put("host", HOST).put("port", port == null ? DEFAULT_PORT : port);
        }
        ObjectNode server = QapiJson.object();
        server.set("addr", address);
        if (hasTls(arguments)) {
            server.put("tls-creds", CREDENTIALS);
        }
        return NbdServerOptions.visit(new JsonInputVisitor(server), null);
    }

    private static boolean hasTls(ToolArguments arguments) {
        return arguments.has("tls-certificates") || arguments.has("tls-psk");
    }

    private static ObjectOptions credentials(ToolArguments arguments) {
        boolean psk = arguments.has("tls-psk");
        ObjectNode credentials = QapiJson.object()
                .put("qom-type", psk ? "tls-creds-psk" : "tls-creds-x509")
                .put("id", CREDENTIALS)
                .put("endpoint", "server")
                .put("dir", arguments.get(psk ? "tls-psk" : "tls-certificates"));
        return ObjectOptions.visit(new JsonInputVisitor(credentials), null);
    }

    private static BlockExportOptions export(String exportName, boolean writable) {
        ObjectNode export = QapiJson.object()
                .put("type", "nbd")
                .put("id", "serve")
                .put("node-name", ImageNode.NAME)
                .put("name", exportName)
                .put("writable", writable);
        return BlockExportOptions.visit(new JsonInputVisitor(export), null);
    }

    private static String uri(ToolArguments arguments, String address, String exportName) {
        String path = "/" + encode(exportName);
        String scheme = hasTls(arguments) ? "nbds" : "nbd";
        return arguments.has("socket")
                ? scheme + "+unix://" + path + "?socket=" + encode(address)
                : scheme + "://" + address + path;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%2F", "/");
    }
}
