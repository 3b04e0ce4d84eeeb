package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.NodeQuery;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.qapi.gen.SnapshotInfo;

/** Tells what an image is. */
final class InfoCommand implements Subcommand {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    @Override
    public String name() {
        return "info";
    }

    @Override
    public String synopsis() {
        return "IMAGE [-f FORMAT] [--backing-chain] [-U] [--output human|json]";
    }

    @Override
    public String summary() {
        return "tell what a disk image is: size, backing file, snapshots";
    }

    @Override
    public List<Option> options() {
        return List.of(
                new Option("format", 'f', true),
                new Option("backing-chain", false),
                new Option("force-share", 'U', false),
                new Option("output", true));
    }

    @Override
    public int run(Tool tool, ToolArguments arguments) throws Exception {
        if (arguments.operands().size() != 1) {
            throw new UsageException("one image is needed");
        }
        String output = arguments.get("output");
        if (output != null && !output.equals("json") && !output.equals("human")) {
            throw new UsageException("--output must be human or json");
        }
        boolean wholeChain = arguments.has("backing-chain");
        try (StorageEngine engine = StorageEngine.locked(tool.report()::error)) {
            List<BlockNode> chain = open(engine.graph(), arguments, wholeChain);
            tool.out().print("json".equals(output) ? json(chain, wholeChain) : human(chain));
        }
        return 0;
    }

    /** The image, and where the chain is wanted those behind it, as each names the next. */
    private static List<BlockNode> open(BlockGraph graph, ToolArguments arguments, boolean wholeChain) {
        List<BlockNode> chain = new ArrayList<>();
        Set<String> names = new HashSet<>();
        String name = arguments.operands().get(0);
        String format = arguments.get("format");
        do {
            if (!names.add(name)) {
                throw QapiException.generic("Backing file '%s' creates an infinite loop.", name);
            }
            BlockNode node = open(graph, name, format, arguments.has("force-share"));
            chain.add(node);
            ImageInfo info = NodeQuery.image(node);
            name = info.fullBackingFilename();
            format = info.backingFilenameFormat();
        } while (wholeChain && name != null);
        return chain;
    }

    private static BlockNode open(BlockGraph graph, String name, @Nullable String format, boolean forceShare) {
        try {
            return graph.addImage(name, format, forceShare);
        } catch (QapiException e) {
            throw e.prepend("Could not open '%s': ", name);
        }
    }

    private static String json(List<BlockNode> chain, boolean wholeChain) {
        if (!wholeChain) {
            return Output.pretty(InfoReport.json(chain.get(0)));
        }
        ArrayNode reports = QapiJson.array();
        chain.forEach(node -> reports.add(InfoReport.json(node)));
        return Output.pretty(reports);
    }

    private static String human(List<BlockNode> chain) {
        return chain.stream().map(node -> human(NodeQuery.image(node))).collect(Collectors.joining("\n"));
    }

    private static String human(ImageInfo info) {
        StringBuilder text = new StringBuilder();
        line(text, "image", info.filename());
        line(text, "file format", info.format());
        line(text, "virtual size", size(info.virtualSize()) + " (" + info.virtualSize() + " bytes)");
        line(text, "disk size", info.actualSize() == null ? "unavailable" : size(info.actualSize()));
        line(text, "encrypted", Boolean.TRUE.equals(info.encrypted()) ? "yes" : null);
        line(text, "cluster size", info.clusterSize());
        line(text, "cleanly shut down", Boolean.TRUE.equals(info.dirtyFlag()) ? "no" : null);
        line(text, "backing file", info.backingFilename());
        line(text, "backing file format", info.backingFilenameFormat());
        List<SnapshotInfo> snapshots = info.snapshots();
        if (snapshots != null) {
            for (SnapshotInfo snapshot : snapshots) {
                line(text, "snapshot " + snapshot.id(), snapshot.name());
            }
        }
        if (info.formatSpecific() != null) {
            JsonNode data = info.formatSpecific().toJson().path("data");
            data.properties()
                    .forEach(entry -> line(
                            text,
                            entry.getKey().replace('-', ' '),
                            entry.getValue().isContainerNode()
                                    ? entry.getValue().toString()
                                    : entry.getValue().asText()));
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String label, @Nullable Object value) {
        if (value != null) {
            text.append(label).append(": ").append(value).append('\n');
        }
    }

    /** As people write sizes: 10 GiB, 196.5 KiB. */
    static String size(long bytes) {
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        String number = String.format(Locale.ROOT, value < 100 && value != Math.rint(value) ? "%.1f" : "%.0f", value);
        return number + " " + UNITS[unit];
    }
}
