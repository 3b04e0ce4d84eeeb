package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockDrivers;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.Permission;
import org.qsd4j.block.driver.file.FileDriver;
import org.qsd4j.block.driver.qcow2.CreateOptions;
import org.qsd4j.block.driver.qcow2.ImageCreation;
import org.qsd4j.block.driver.qcow2.NewImage;
import org.qsd4j.block.driver.qcow2.Qcow2Driver;
import org.qsd4j.block.driver.raw.RawDriver;
import org.qsd4j.crypto.Passphrase;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Libc;

/** Makes a new, empty image file. */
final class CreateCommand implements Subcommand {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})([KMGTPE]?)(?:i?B)?", Pattern.CASE_INSENSITIVE);

    @Override
    public String name() {
        return "create";
    }

    @Override
    public String synopsis() {
        return "IMAGE [SIZE] [--format qcow2|raw] [--backing IMAGE --backing-format raw|qcow2] [--cluster-size BYTES]";
    }

    @Override
    public String summary() {
        return "make a new disk image; sizes as in 10G";
    }

    @Override
    public List<Option> options() {
        return List.of(
                new Option("format", true),
                new Option("backing", true),
                new Option("backing-format", true),
                new Option("cluster-size", true));
    }

    @Override
    public int run(Tool tool, ToolArguments arguments) throws Exception {
        List<String> operands = arguments.operands();
        if (operands.isEmpty() || operands.size() > 2) {
            throw new UsageException("an image and a size are needed");
        }
        Path image = Path.of(operands.get(0));
        if (Files.exists(image)) {
            throw QapiException.generic("'%s' exists already", image);
        }
        String format = arguments.has("format") ? String.valueOf(arguments.get("format")) : "qcow2";
        BlockGraph graph = new BlockGraph(
                new MainLoop(),
                new BlockDrivers(List.of(
                        new FileDriver(),
                        new RawDriver(),
                        new Qcow2Driver(tool.report()::error, event -> {}, Passphrase.NONE))),
                tool.report()::error);
        try {
            long size = size(arguments, operands, graph);
            create(image, format, size, arguments, graph);
            tool.out().print(image + ": " + format + ", " + InfoCommand.size(size) + "\n");
        } finally {
            graph.closeAll();
        }
        return 0;
    }

    /** As given, or the backing file's. */
    private static long size(ToolArguments arguments, List<String> operands, BlockGraph graph) throws UsageException {
        String backing = arguments.get("backing");
        String backingFormat = arguments.get("backing-format");
        if (backing != null && backingFormat == null) {
            throw new UsageException("--backing needs --backing-format raw or qcow2");
        }
        if (operands.size() == 2) {
            return parseSize(operands.get(1));
        }
        if (backing == null) {
            throw new UsageException("a size is needed");
        }
        Path folder = Path.of(operands.get(0)).toAbsolutePath().getParent();
        String path = folder == null ? backing : folder.resolve(backing).toString();
        BlockNode node = graph.add(ImageNode.options(path, ImageNode.format(path, false, backingFormat), false));
        return node.sectorAlignedLength();
    }

    static long parseSize(String text) throws UsageException {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw new UsageException("'" + text + "' is no size: a number, and K, M, G, T, P or E behind it");
        }
        int unit = matcher.group(2).isEmpty()
                ? 0
                : "KMGTPE".indexOf(matcher.group(2).toUpperCase(Locale.ROOT)) + 1;
        long number = Long.parseLong(matcher.group(1));
        if (number > Long.MAX_VALUE >> (10 * unit)) {
            throw new UsageException("'" + text + "' is too large");
        }
        return number << (10 * unit);
    }

    private static void create(Path image, String format, long size, ToolArguments arguments, BlockGraph graph)
            throws Exception {
        switch (format) {
            case "raw" -> {
                if (arguments.has("backing") || arguments.has("cluster-size")) {
                    throw new UsageException("a raw image has neither a backing file nor clusters");
                }
                createFile(image.toString(), size);
            }
            case "qcow2" -> {
                CreateOptions options = options(size, arguments);
                // Whether they fit is known before there is a file.
                new NewImage(options);
                createFile(image.toString(), 0);
                format(image.toString(), options, graph);
            }
            default -> throw QapiException.generic("unknown format '%s': raw or qcow2", format);
        }
    }

    private static void createFile(String path, long size) {
        int fd = Libc.open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, 0644);
        int result = fd < 0 ? fd : Libc.ftruncate(fd, size);
        if (fd >= 0) {
            Libc.close(fd);
        }
        if (result < 0) {
            throw QapiException.fromErrno(result, "Could not create '%s'", path);
        }
    }

    private static void format(String path, CreateOptions options, BlockGraph graph) {
        ObjectNode definition =
                QapiJson.object().put("driver", "file").put("node-name", "new").put("filename", path);
        BlockNode node = graph.add(BlockdevOptions.visit(new JsonInputVisitor(definition), null));
        BlockBackend backend = graph.newBackend(node, Permission.WRITE | Permission.RESIZE, Permission.ALL);
        try {
            ImageCreation.create(backend, options);
        } finally {
            backend.close();
        }
    }

    private static CreateOptions options(long size, ToolArguments arguments) throws UsageException {
        String clusterSize = arguments.get("cluster-size");
        return new CreateOptions(
                (size + 511) & -512,
                3,
                clusterSize == null ? CreateOptions.DEFAULT_CLUSTER_SIZE : parseSize(clusterSize),
                arguments.get("backing"),
                arguments.get("backing-format"),
                false,
                null,
                false,
                false,
                false,
                CreateOptions.DEFAULT_REFCOUNT_BITS,
                false,
                null,
                PreallocMode.OFF);
    }
}
