package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.qsd4j.daemon.Getopt.Option;
import org.qsd4j.daemon.Getopt.UsageException;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockExportOptions;

/** Makes an image appear as a raw file until it is unmounted or the command is interrupted. */
final class MountCommand implements Subcommand {
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
        String format = ImageNode.format(image, writable, arguments.get("format"));
        boolean made = make(mountpoint);
        try (StorageEngine engine = new StorageEngine(tool.report()::error, event -> {})) {
            tool.signals().accept(() -> engine.loop().execute(engine.loop()::stop));
            engine.onUnmounted(id -> engine.loop().execute(engine.loop()::stop));
            engine.graph().add(ImageNode.options(image, format, writable));
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

    private static BlockExportOptions export(Path mountpoint, boolean writable, boolean allowOther) {
        ObjectNode export = QapiJson.object()
                .put("type", "fuse")
                .put("id", "mount")
                .put("node-name", ImageNode.NAME)
                .put("mountpoint", mountpoint.toString())
                .put("writable", writable)
                .put("allow-other", allowOther ? "on" : "off");
        return BlockExportOptions.visit(new JsonInputVisitor(export), null);
    }
}
