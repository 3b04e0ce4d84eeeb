package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.block.BlockDrivers;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.driver.file.FileDriver;
import org.qsd4j.block.driver.file.HostDeviceDriver;
import org.qsd4j.block.driver.qcow2.CheckListener;
import org.qsd4j.block.driver.qcow2.CheckResult;
import org.qsd4j.block.driver.qcow2.ImageCheck;
import org.qsd4j.block.driver.qcow2.Qcow2Driver;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** Checks a qcow2 image and repairs it. The exit status is that of {@code qemu-img check}. */
final class CheckCommand implements Subcommand {
    private static final int CLEAN = 0;
    private static final int FAILED = 1;
    private static final int CORRUPT = 2;
    private static final int LEAKS = 3;
    private static final int NOT_SUPPORTED = 63;
    private static final int BAR = 40;
    private static final int STDOUT = 1;
    private static final int TCGETS = 0x5401;
    private static final int TERMIOS_SIZE = 64;

    @Override
    public String name() {
        return "check";
    }

    @Override
    public String synopsis() {
        return "IMAGE [-r leaks|all] [--output human|json]";
    }

    @Override
    public String summary() {
        return "check a qcow2 image, and repair it if asked to";
    }

    @Override
    public List<Option> options() {
        return List.of(new Option("repair", 'r', true), new Option("output", true));
    }

    @Override
    public int run(Tool tool, ToolArguments arguments) throws Exception {
        if (arguments.operands().size() != 1) {
            throw new UsageException("one image is needed");
        }
        ImageCheck.Repair repair = repair(arguments.get("repair"));
        boolean json = isJson(arguments.get("output"));
        String image = arguments.operands().get(0);
        if (Files.exists(Path.of(image)) && !ImageNode.isQcow2(image)) {
            tool.report().error("This image format does not support checks");
            return NOT_SUPPORTED;
        }
        BlockGraph graph = new BlockGraph(
                new MainLoop(),
                new BlockDrivers(
                        List.of(new FileDriver(), new HostDeviceDriver(), Qcow2Driver.forRepair(tool.report()::error))),
                tool.report()::error);
        try {
            BlockNode node = graph.add(options(image, repair != ImageCheck.Repair.NOTHING));
            CheckListener progress = json ? new Findings(tool) : new Progress(tool, isTerminal());
            CheckResult result = ImageCheck.run(node, repair, progress);
            if (progress instanceof Progress bar) {
                bar.end();
            }
            tool.out().print(json ? CheckReport.json(image, result) : summary(result));
            return status(result);
        } finally {
            graph.closeAll();
        }
    }

    private static boolean isTerminal() {
        return Libc.ioctl(STDOUT, TCGETS, NativeBuffer.allocate(TERMIOS_SIZE).address()) == 0;
    }

    private static boolean isJson(@Nullable String output) throws UsageException {
        if (output != null && !output.equals("json") && !output.equals("human")) {
            throw new UsageException("--output must be human or json");
        }
        return "json".equals(output);
    }

    private static ImageCheck.Repair repair(@Nullable String what) throws UsageException {
        if (what == null) {
            return ImageCheck.Repair.NOTHING;
        }
        return switch (what) {
            case "leaks" -> ImageCheck.Repair.LEAKS;
            case "all" -> ImageCheck.Repair.ALL;
            default -> throw new UsageException("-r takes leaks or all");
        };
    }

    private static BlockdevOptions options(String image, boolean writable) {
        ObjectNode file = ImageNode.protocol(image).put("read-only", !writable);
        ObjectNode node = QapiJson.object()
                .put("driver", "qcow2")
                .put("node-name", ImageNode.NAME)
                .put("read-only", !writable)
                .putNull("backing");
        node.set("file", file);
        return BlockdevOptions.visit(new JsonInputVisitor(node), null);
    }

    private static int status(CheckResult result) {
        if (result.checkErrors > 0) {
            return FAILED;
        }
        return result.corruptions > 0 ? CORRUPT : result.leaks > 0 ? LEAKS : CLEAN;
    }

    private static String summary(CheckResult result) {
        StringBuilder text = new StringBuilder();
        if (result.leaksFixed + result.corruptionsFixed > 0) {
            text.append("Repaired: ")
                    .append(result.corruptionsFixed)
                    .append(" errors, ")
                    .append(result.leaksFixed)
                    .append(" leaked clusters\n");
        }
        if (result.isClean()) {
            text.append("No errors were found on the image.\n");
        }
        if (result.corruptions > 0) {
            text.append(result.corruptions).append(" errors were found on the image: do not write to it.\n");
        }
        if (result.leaks > 0) {
            text.append(result.leaks).append(" leaked clusters were found: wasted space, no harm to data.\n");
        }
        if (result.checkErrors > 0) {
            text.append(result.checkErrors).append(" parts of the image could not be read.\n");
        }
        return text.append(usage(result)).toString();
    }

    private static String usage(CheckResult result) {
        if (result.totalClusters == 0) {
            return "";
        }
        double allocated = Math.max(1, result.allocatedClusters);
        return String.format(
                Locale.ROOT,
                "%d/%d = %.2f%% allocated, %.2f%% fragmented, %.2f%% compressed clusters\nImage end offset: %d\n",
                result.allocatedClusters,
                result.totalClusters,
                100.0 * result.allocatedClusters / result.totalClusters,
                100.0 * result.fragmentedClusters / allocated,
                100.0 * result.compressedClusters / allocated,
                result.imageEndOffset);
    }

    /** Findings where they don't get between the JSON. */
    private record Findings(Tool tool) implements CheckListener {
        @Override
        public void found(String message) {
            tool.report().error(message);
        }

        @Override
        public void progress(double part) {
            // A program reads this, which wants no bar.
        }
    }

    /** Findings line by line, and on a terminal a bar below them. */
    private static final class Progress implements CheckListener {
        private final Tool tool;
        private final boolean terminal;
        private int shown = -1;

        Progress(Tool tool, boolean terminal) {
            this.tool = tool;
            this.terminal = terminal;
        }

        @Override
        public void found(String message) {
            tool.out().print((terminal ? "\r\u001b[K" : "") + message + "\n");
            shown = -1;
        }

        @Override
        public void progress(double part) {
            int filled = (int) (part * BAR);
            if (terminal && filled != shown) {
                shown = filled;
                tool.out()
                        .print("\r[" + "#".repeat(filled) + " ".repeat(BAR - filled) + "] " + (int) (part * 100) + "%");
            }
        }

        void end() {
            if (terminal) {
                tool.out().print("\r\u001b[K");
            }
        }
    }
}
