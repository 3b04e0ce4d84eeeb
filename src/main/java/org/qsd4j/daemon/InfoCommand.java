package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.NodeQuery;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.gen.BlockDeviceInfo;
import org.qsd4j.qapi.gen.ImageInfo;
import org.qsd4j.qapi.gen.SnapshotInfo;

/** Tells what an image is. */
final class InfoCommand implements Subcommand {
    private static final String LUKS = "luks";
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    @Override
    public String name() {
        return "info";
    }

    @Override
    public String synopsis() {
        return "IMAGE [--format raw|qcow2|luks] [--output human|json]";
    }

    @Override
    public String summary() {
        return "tell what a disk image is: size, backing file, snapshots";
    }

    @Override
    public List<Option> options() {
        return List.of(new Option("format", true), new Option("output", true));
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
        String image = arguments.operands().get(0);
        try (StorageEngine engine = StorageEngine.locked(tool.report()::error)) {
            engine.graph().add(ImageNode.options(image, format(image, arguments.get("format")), false));
            for (BlockDeviceInfo node : NodeQuery.namedBlockNodes(engine.graph(), false)) {
                if (ImageNode.NAME.equals(node.nodeName())) {
                    tool.out().print("json".equals(output) ? json(node.image()) : human(node.image()));
                }
            }
        }
        return 0;
    }

    /** Since nobody reads what is encrypted, a look at the header is enough. */
    private static String format(String image, @Nullable String named) {
        if (LUKS.equals(named)) {
            return LUKS;
        }
        return named == null && ImageNode.isLuks(image) ? LUKS : ImageNode.format(image, false, named);
    }

    private static String json(ImageInfo info) throws Exception {
        return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(info.toJson()) + "\n";
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
