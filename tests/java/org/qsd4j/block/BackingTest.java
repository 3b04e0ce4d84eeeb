package org.qsd4j.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.qsd4j.block.OverlayDriver.HALF;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.block.driver.raw.RawDriver;

/** Backing files: found by their names in images, opened as their parents are, seen through block status. */
class BackingTest {
    @TempDir
    Path dir;

    private final OverlayDriver driver = new OverlayDriver();
    private final TestGraph test = new TestGraph(driver);
    private Path base = Path.of("");
    private Path top = Path.of("");

    @BeforeEach
    void makeFiles() throws Exception {
        base = dir.resolve("base");
        top = Files.write(dir.resolve("top"), new byte[HALF]);
        try (RandomAccessFile file = new RandomAccessFile(base.toFile(), "rw")) {
            file.seek(HALF);
            file.write(new byte[HALF / 2]);
        }
    }

    @AfterEach
    void close() {
        test.close();
        assertThat(test.graph.nodes()).isEmpty();
    }

    private BlockNode open(String more) {
        return test.add(
                "{'driver':'qcow2','node-name':'o','file':{'driver':'file','filename':'" + top + "'}" + more + "}");
    }

    private static BlockNode backing(BlockNode node) {
        BlockChild child = node.child("backing");
        assertThat(child).isNotNull();
        return child.node();
    }

    @Test
    void backingFileOfImageIsReadOnlyAndCachedAsItsParent() {
        driver.backingName = base.toString();
        driver.backingFormat = "raw";
        BlockNode backing = backing(open(",'cache':{'direct':true,'no-flush':true}"));
        assertThat(backing.driver().formatName()).isEqualTo("raw");
        BlockChild file = backing.child("file");
        assertThat(file).isNotNull();
        assertThat(file.node().isReadOnly()).isTrue();
        assertThat(file.node().flags().direct()).isTrue();
        assertThat(file.node().flags().noFlush()).isTrue();
    }

    @Test
    void surestDriverWinsTheProbe() {
        BlockDrivers drivers = new BlockDrivers(List.of(new RawDriver(), driver));
        assertThat(drivers.probe("QFI\373".getBytes(StandardCharsets.ISO_8859_1)))
                .isSameAs(driver);
        assertThat(drivers.probe(new byte[2048])).isInstanceOf(RawDriver.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "BASE|raw",
                "file:BASE|raw",
                "BASE|",
                "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"BASE\"}}|",
                "json:{\"driver\":\"raw\",\"file\":{\"filename\":\"BASE\"},\"offset\":\"512\"}|",
                "json:{\"driver\":\"raw\",\"file.filename\":\"BASE\",\"file.driver\":\"file\"}|raw",
                "json:{\"file.filename\":\"BASE\"}|raw",
                "json:{\"file.filename\":\"BASE\",\"read-only\":true}|",
                "json:{\"filename\":\"BASE\"}|",
            })
    void namesOfManyForms(String name, String format) {
        driver.backingName = name.replace("BASE", base.toString());
        driver.backingFormat = format;
        assertThat(backing(open("")).driver().formatName()).isEqualTo("raw");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "absent|Could not open 'absent': No such file or directory",
                "foo:bar|Unknown protocol 'foo'",
                "./foo:bar|Could not open './foo:bar': No such file or directory",
                "json:{\"driver\":\"raw\"|Could not parse the JSON options: 1:16: JSON parse error, premature end of input",
                "json:[]|Invalid JSON object given",
                "json:{\"driver\":\"raw\"} x|Could not parse the JSON options: Expecting at most one JSON value",
                "json:{}|A block device must be specified for \"file\"",
                "json:{\"driver\":\"file\",\"filename\":\"a.img\"}|A block device must be specified for \"file\"",
                "json:{\"driver\":\"bad\",\"file\":\"zz\"}|Cannot find device='zz' nor node-name='zz'",
            })
    void badNamesFailInTheRealDaemonsWords(String name, String message) {
        driver.backingName = name;
        driver.backingFormat = "raw";
        assertThatThrownBy(() -> open("")).hasMessage("Could not open backing file: " + message);
        assertThat(test.graph.nodes()).isEmpty();
    }

    @Test
    void definitionOverridesWhatTheImageNames() {
        driver.backingName = "absent";
        driver.backingFormat = "raw";
        BlockNode node = open(",'backing':{'driver':'null-co','node-name':'b'}");
        assertThat(backing(node).nodeName()).isEqualTo("b");
        assertThat(node.filename())
                .isEqualTo("json:{\"backing\": {\"driver\": \"null-co\"}, \"driver\": \"qcow2\", \"file\": {\"driver\":"
                        + " \"file\", \"filename\": \"" + top + "\"}}");
    }

    @Test
    void definitionMayWantNone() {
        driver.backingName = "absent";
        BlockNode node = open(",'backing':null");
        assertThat(node.child("backing")).isNull();
        assertThat(node.filename())
                .isEqualTo("json:{\"backing\": null, \"driver\": \"qcow2\", \"file\": {\"driver\": \"file\","
                        + " \"filename\": \"" + top + "\"}}");
    }

    @Test
    void backingFileThatTheImageNamesIsNotInTheFilename() {
        driver.backingName = base.toString();
        driver.backingFormat = "raw";
        assertThat(open("").filename()).isEqualTo(top.toString());
    }

    @Test
    void nodeInUseAsBackingFileIsNotDeleted() {
        test.add("{'driver':'null-co','node-name':'b','read-only':true}");
        open(",'backing':'b'");
        assertThatThrownBy(() -> test.graph.delete("b"))
                .hasMessage("Node 'b' is busy: node is used as backing hd of 'o'");
    }

    @Test
    void blockStatusGoesThroughTheChain() {
        driver.backingName = base.toString();
        driver.backingFormat = "raw";
        BlockBackend backend = test.reader(open(""));
        BlockStatus status = new BlockStatus();
        assertThat(backend.blockStatus(true, 4096, 4 * HALF, status)).isZero();
        assertThat(status.bytes).isEqualTo(HALF - 4096);
        assertThat(status.depth).isEqualTo(1);
        assertThat(status.is(BlockStatus.DATA)).isTrue();

        assertThat(backend.blockStatus(true, HALF, 4 * HALF, status)).isZero();
        assertThat(status.bytes).isEqualTo(HALF / 2);
        assertThat(status.depth).isEqualTo(2);
        assertThat(status.flags).isEqualTo(BlockStatus.DATA | BlockStatus.OFFSET_VALID | BlockStatus.ALLOCATED);

        assertThat(backend.blockStatus(true, HALF + HALF / 2, 4 * HALF, status)).isZero();
        assertThat(status.bytes).isEqualTo(HALF / 2);
        assertThat(status.is(BlockStatus.ZERO)).isTrue();
        assertThat(status.is(BlockStatus.EOF)).isTrue();
    }

    @Test
    void unallocatedWithoutBackingFileIsZero() {
        BlockBackend backend = test.reader(open(""));
        BlockStatus status = new BlockStatus();
        assertThat(backend.blockStatus(true, HALF, HALF, status)).isZero();
        assertThat(status.flags).isEqualTo(BlockStatus.ZERO | BlockStatus.EOF);
    }

    @Test
    void preallocatedHoleIsZero() throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(top.toFile(), "rw")) {
            file.setLength(0);
            file.setLength(HALF);
        }
        BlockBackend backend = test.reader(open(""));
        BlockStatus status = new BlockStatus();
        assertThat(backend.blockStatus(true, 0, HALF, status)).isZero();
        assertThat(status.is(BlockStatus.ZERO)).isTrue();
        assertThat(status.is(BlockStatus.DATA)).isTrue();
        assertThat(status.bytes).isEqualTo(HALF);
    }
}
