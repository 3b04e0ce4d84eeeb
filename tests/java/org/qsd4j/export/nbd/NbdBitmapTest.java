package org.qsd4j.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.daemon.StorageEngine;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.NbdServerOptions;
import org.qsd4j.qapi.json.JsonParser;
import org.qsd4j.testing.RealTools;

/** Bitmaps stored in an image, as contexts of an export. The image is QEMU's work. */
@Timeout(120)
class NbdBitmapTest {
    @TempDir
    Path dir;

    private StorageEngine engine;
    private Path image;

    @BeforeEach
    void start() throws Exception {
        image = dir.resolve("image.qcow2");
        tool("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "4M");
        tool("qemu-img", "bitmap", "--add", "-g", "64k", image.toString(), "old");
        tool("qemu-io", "-f", "qcow2", "-c", "write 128k 64k", "-c", "write 4095k 1k", image.toString());
        tool("qemu-img", "bitmap", "--disable", image.toString(), "old");
        tool("qemu-img", "bitmap", "--add", "-g", "64k", image.toString(), "live");
        engine = new StorageEngine(line -> {}, event -> {});
        engine.nbdServer()
                .start(NbdServerOptions.visit(visitor("{'addr': {'type': 'unix', 'path': '" + socket() + "'}}"), null));
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    private Path socket() {
        return dir.resolve("nbd.sock");
    }

    private static void tool(String name, String... arguments) throws Exception {
        RealTools.Result result = RealTools.run(name, arguments);
        assertThat(result.exitCode()).as(result.output()).isZero();
    }

    private static JsonInputVisitor visitor(String json) {
        return new JsonInputVisitor(JsonParser.parse(json));
    }

    private void open(boolean readOnly) {
        engine.graph()
                .add(BlockdevOptions.visit(
                        visitor("{'driver': 'qcow2', 'node-name': 'n', 'read-only': " + readOnly
                                + ", 'file': {'driver': 'file', 'filename': '" + image + "'}}"),
                        null));
    }

    private void export(String id, boolean writable, String bitmaps) {
        engine.exports()
                .add(BlockExportOptions.visit(
                        visitor("{'type': 'nbd', 'node-name': 'n', 'id': '" + id + "', 'name': '" + id
                                + "', 'writable': " + writable + ", 'bitmaps': [" + bitmaps + "]}"),
                        null));
    }

    private void refused(boolean writable, String bitmaps, String message) {
        assertThatThrownBy(() -> export("x", writable, bitmaps)).hasMessage(message);
    }

    private List<String> map(String context, @Nullable String export) throws Exception {
        RealTools.Result result =
                RealTools.run("nbdinfo", "--map=" + context, "nbd+unix:///" + export + "?socket=" + socket());
        assertThat(result.exitCode()).as(result.output()).isZero();
        return result.output()
                .lines()
                .map(line -> line.trim().replaceAll(" +", " "))
                .toList();
    }

    @Test
    void storedBitsAreExtents() throws Exception {
        open(true);
        export("e", false, "'old', 'live', 'old'");
        assertThat(map("qemu:dirty-bitmap:old", "e"))
                .containsExactly(
                        "0 131072 0 clean", "131072 65536 1 dirty", "196608 3932160 0 clean", "4128768 65536 1 dirty");
        assertThat(map("qemu:dirty-bitmap:live", "e")).containsExactly("0 4194304 0 clean");
        assertThat(RealTools.run("nbdinfo", "--json", "nbd+unix:///e?socket=" + socket())
                        .output())
                .contains("\"qemu:dirty-bitmap:old\"", "\"qemu:dirty-bitmap:live\"");
        assertThat(RealTools.run("nbdinfo", "--map=qemu:dirty-bitmap:no", "nbd+unix:///e?socket=" + socket())
                        .output())
                .contains("does not support metadata context");
    }

    @Test
    void writesShowInABitmapThatRecords() throws Exception {
        open(false);
        export("e", true, "'live'");
        tool("qemu-io", "-f", "raw", "-c", "write 1M 100k", "nbd+unix:///e?socket=" + socket());
        assertThat(map("qemu:dirty-bitmap:live", "e"))
                .containsExactly("0 1048576 0 clean", "1048576 131072 1 dirty", "1179648 3014656 0 clean");
    }

    @Test
    void aBitmapIsBusyWhileItIsExported() {
        open(true);
        export("e", false, "'old'");
        refused(false, "'old'", "Bitmap 'old' is currently in use by another operation and cannot be used");
        engine.exports().remove("e", null);
        export("x", false, "{'node': 'n', 'name': 'old'}");
    }

    @Test
    void bitmapsThatWouldBeWrongAreRefused() throws Exception {
        open(true);
        refused(false, "'absent'", "Bitmap 'absent' is not found");
        refused(false, "{'node': 'n', 'name': 'absent'}", "Dirty bitmap 'absent' not found");
        refused(false, "{'node': 'none', 'name': 'old'}", "Node 'none' not found");
    }

    @Test
    void aBitmapThatRecordsNeedsAWritableExportOfAWritableNode() {
        open(false);
        refused(false, "'live'", "Enabled bitmap 'live' incompatible with readonly export");
        export("x", false, "'old'");
    }
}
