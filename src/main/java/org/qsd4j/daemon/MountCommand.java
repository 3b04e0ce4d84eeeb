package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Makes an image appear as a raw file until it is unmounted or the command is interrupted. */
final class MountCommand implements Subcommand {
    private static final byte[] QCOW2_MAGIC = {'Q', 'F', 'I', (byte) 0xfb};
    private static final List<String> FORMATS = List.of("raw", "qcow2");
    private static final String NODE = "image";

    @Override
    public String name() {
        return "mount";
    }

    @Override
    public String synopsis() {
        return "IMAGE MOUNTPOINT [--writable] [--format raw|qcow2] [--allow-other]";
    }

    @Override
    public String summary() {
        return "show a disk image as a raw file, until Ctrl-C or qsd4j umount MOUNTPOINT";
    }

    @Override
    public List<Option> options() {
        return List.of(new Option("writable", false), new Option("format", true), new Option("allow-other", false));
    }

    @Override
    public int run(Tool tool, ToolArguments arguments) throws Exception {
        if (arguments.operands().size() != 2) {
            throw new UsageException("an image and a mountpoint are needed");
        }
        String image = arguments.operands().get(0);
        Path mountpoint = Path.of(arguments.operands().get(1)).toAbsolutePath();
        boolean writable = arguments.has("writable");
        String format = format(image, writable, arguments.get("format"));
        boolean made = make(mountpoint);
        try (StorageEngine engine = new StorageEngine(tool.report()::error, event -> {})) {
            tool.signals().accept(() -> engine.loop().execute(engine.loop()::stop));
            engine.onUnmounted(id -> engine.loop().execute(engine.loop()::stop));
            engine.graph().add(node(image, format, writable));
            engine.exports().add(export(mountpoint, writable, arguments.has("allow-other")));
            tool.out()
                    .print(image + " (" + format + (writable ? "" : ", read-only") + ") is at " + mountpoint
                            + "; Ctrl-C or 'qsd4j umount' ends it\n");
            engine.loop().run();
        } finally {
            if (made) {
                Files.deleteIfExists(mountpoint);
            }
        }
        return 0;
    }

    /**
     * The format to open the image in. Who can write into a raw image can make it look like any other format, one that
     * names further files of the host, say: so nobody else's word is taken for it where that would be written to.
     */
    private static String format(String image, boolean writable, @Nullable String named) {
        if (named != null) {
            if (!FORMATS.contains(named)) {
                throw QapiException.generic("unknown format '%s': raw or qcow2", named);
            }
            return named;
        }
        if (writable) {
            throw QapiException.generic(
                    "--writable needs --format raw or --format qcow2: what is in '%s' may have been written by a guest,"
                            + " so its look is not to be trusted",
                    image);
        }
        try (InputStream in = Files.newInputStream(Path.of(image))) {
            return Arrays.equals(in.readNBytes(QCOW2_MAGIC.length), QCOW2_MAGIC) ? "qcow2" : "raw";
        } catch (IOException e) {
            // The driver says it better.
            return "raw";
        }
    }

    /** An empty file to mount over, if nothing is there. */
    private static boolean make(Path mountpoint) {
        if (Files.exists(mountpoint)) {
            return false;
        }
        try {
            Files.createFile(mountpoint);
            return true;
        } catch (IOException e) {
            throw QapiException.generic("cannot make the mountpoint '%s': %s", mountpoint, Reasons.of(e));
        }
    }

    private static BlockdevOptions node(String image, String format, boolean writable) {
        ObjectNode file = QapiJson.object().put("driver", "file").put("filename", image);
        ObjectNode node = QapiJson.object()
                .put("driver", format)
                .put("node-name", NODE)
                .put("read-only", !writable)
                .put("discard", "unmap");
        node.set("file", file.put("read-only", !writable).put("discard", "unmap"));
        return BlockdevOptions.visit(new JsonInputVisitor(node), null);
    }

    private static BlockExportOptions export(Path mountpoint, boolean writable, boolean allowOther) {
        ObjectNode export = QapiJson.object()
                .put("type", "fuse")
                .put("id", "mount")
                .put("node-name", NODE)
                .put("mountpoint", mountpoint.toString())
                .put("writable", writable)
                .put("allow-other", allowOther ? "on" : "off");
        return BlockExportOptions.visit(new JsonInputVisitor(export), null);
    }
}
