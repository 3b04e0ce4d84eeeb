package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.qsd4j.aio.MainLoop;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockDrivers;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.driver.file.FileDriver;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** Images that blockdev-create makes are clean, empty, and what qemu-img makes of the same options. */
class CreationTest {
    private static final String LUKS = "'format':'luks','key-secret':'s','iter-time':10";
    private static final String THEIR_LUKS = "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10";

    @TempDir
    Path dir;

    private final BlockGraph graph = new BlockGraph(
            new MainLoop(),
            new BlockDrivers(List.of(new FileDriver(), new Qcow2Driver(line -> {}, event -> {}, QemuTools.SECRETS))),
            line -> {});

    private void create(String json) throws Exception {
        JsonNode options = new ObjectMapper().readTree(json.replace('\'', '"'));
        BlockdevCreateOptions parsed = BlockdevCreateOptions.visit(new JsonInputVisitor(options), null);
        BlockDriver driver = graph.drivers().find(parsed.driver().wireName());
        assertThat(driver).isNotNull();
        driver.create(graph, parsed).run();
    }

    private void addFile(String nodeName, Path path) throws Exception {
        ObjectNode node = new ObjectMapper()
                .createObjectNode()
                .put("driver", "file")
                .put("node-name", nodeName)
                .put("filename", path.toString());
        graph.add(BlockdevOptions.visit(new JsonInputVisitor(node), null));
    }

    static Stream<String[]> options() {
        return Stream.of(
                new String[] {"", ""},
                new String[] {",'version':'v2'", "compat=0.10"},
                new String[] {",'cluster-size':512", "cluster_size=512"},
                new String[] {",'cluster-size':2097152", "cluster_size=2M"},
                new String[] {",'refcount-bits':1", "refcount_bits=1"},
                new String[] {",'refcount-bits':64,'lazy-refcounts':true", "refcount_bits=64,lazy_refcounts=on"},
                new String[] {",'extended-l2':true", "extended_l2=on"},
                new String[] {",'compression-type':'zstd'", "compression_type=zstd"},
                new String[] {",'encrypt':{" + LUKS + "}", THEIR_LUKS},
                new String[] {",'cluster-size':512,'encrypt':{" + LUKS + "}", "cluster_size=512," + THEIR_LUKS},
                new String[] {",'version':'v2','encrypt':{" + LUKS + "}", "compat=0.10," + THEIR_LUKS},
                new String[] {
                    ",'preallocation':'metadata','encrypt':{" + LUKS + "}", "preallocation=metadata," + THEIR_LUKS
                },
                new String[] {
                    ",'encrypt':{'cipher-mode':'cbc','ivgen-alg':'essiv','hash-alg':'sha1'," + LUKS + "}",
                    THEIR_LUKS + ",encrypt.cipher-mode=cbc,encrypt.ivgen-alg=essiv,encrypt.hash-alg=sha1"
                },
                new String[] {",'encrypt':{'format':'qcow','key-secret':'s'}", "encrypt.format=aes,encrypt.key-secret=s"
                },
                new String[] {",'preallocation':'metadata'", "preallocation=metadata"},
                new String[] {",'preallocation':'falloc'", "preallocation=falloc"},
                new String[] {",'preallocation':'full'", "preallocation=full"},
                new String[] {",'preallocation':'metadata','extended-l2':true", "preallocation=metadata,extended_l2=on"
                },
                new String[] {",'preallocation':'full','version':'v2'", "preallocation=full,compat=0.10"});
    }

    @ParameterizedTest
    @MethodSource("options")
    void newImagesAreCleanAndEmpty(String ours, String theirs) throws Exception {
        Path image = dir.resolve("ours");
        create("{'driver':'file','filename':'" + image + "','size':0}");
        addFile("f", image);
        create("{'driver':'qcow2','file':'f','size':6291456" + ours + "}");
        graph.closeAll();
        WriteModelTest.check(image);
        assertThat(QemuTools.contents(image, dir.resolve("raw"))).containsOnly(0);
        Path reference = dir.resolve("theirs");
        QemuTools.create(reference, theirs, "6M");
        assertThat(info(image)).isEqualTo(info(reference));
        try (TestImage opened = TestImage.open(image, false)) {
            DiskModel model = new DiskModel(new byte[6 << 20], 1, true);
            for (int i = 0; i < 60; i++) {
                model.step(opened.node);
            }
            model.expectSame(opened.node);
        }
        WriteModelTest.check(image);
    }

    private static JsonNode info(Path image) throws Exception {
        String output = QemuTools.ok("qemu-img", QemuTools.onImage(image, "info", "--output=json"));
        ObjectNode info = (ObjectNode) new ObjectMapper().readTree(output);
        info.remove(List.of("filename", "actual-size", "children"));
        // Made at random, or measured.
        if (info.at("/format-specific/data/encrypt") instanceof ObjectNode encrypt) {
            encrypt.remove(List.of("uuid", "master-key-iters"));
            encrypt.at("/slots").forEach(slot -> ((ObjectNode) slot).remove("iters"));
        }
        return info;
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void externalDataFiles(boolean raw) throws Exception {
        Path image = dir.resolve("image");
        Path data = dir.resolve("data");
        Files.createFile(image);
        Files.createFile(data);
        addFile("f", image);
        addFile("d", data);
        create("{'driver':'qcow2','file':'f','data-file':'d','data-file-raw':" + raw + ",'size':6291456}");
        graph.closeAll();
        WriteModelTest.check(image);
        QemuTools.io(image, "write -P 5 70000 3000");
        assertThat(Files.size(data)).isGreaterThanOrEqualTo(raw ? 6291456 : 73000);
        try (TestImage opened = TestImage.open(image, data, null, true)) {
            assertThat(opened.contents()[70000]).isEqualTo((byte) 5);
        }
    }

    @Test
    void optionsThatDontFitAreNamed() throws Exception {
        Path image = dir.resolve("image");
        Files.createFile(image);
        addFile("f", image);
        String[][] faults = {
            {"'size':1000", "Image size must be a multiple of 512 bytes"},
            {"'size':512,'cluster-size':300", "Cluster size must be a power of two between 512 and 2048k"},
            {"'size':512,'refcount-bits':3", "Refcount width must be a power of two and may not exceed 64 bits"},
            {
                "'size':1099511627776,'cluster-size':512",
                "Could not resize image: Failed to grow the L1 table: File too large"
            },
            {"'size':18446744073709551104", "Could not resize image: Image size cannot be negative"},
            {"'size':512,'data-file-raw':true", "data-file-raw requires data-file"},
            {"'size':512,'backing-fmt':'raw'", "Backing format cannot be used without backing file"},
        };
        for (String[] fault : faults) {
            assertThatThrownBy(() -> create("{'driver':'qcow2','file':'f'," + fault[0] + "}"))
                    .hasMessage(fault[1]);
        }
        assertThat(Files.size(image)).isZero();
        graph.closeAll();
    }
}
