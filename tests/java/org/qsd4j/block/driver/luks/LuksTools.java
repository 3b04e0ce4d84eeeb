package org.qsd4j.block.driver.luks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevCreateOptions;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.RealTools;

/** The real tools with a secret, and our driver with the same. */
final class LuksTools {
    static final String PASSPHRASE = "Grüße, a passphrase";
    static final Function<String, byte[]> SECRETS = id -> switch (id) {
        case "s" -> PASSPHRASE.getBytes(StandardCharsets.UTF_8);
        case "wrong" -> "something else".getBytes(StandardCharsets.UTF_8);
        case "empty" -> new byte[0];
        case "bytes" -> new byte[] {(byte) 0x80, 1};
        default -> throw QapiException.generic("No secret with id '%s'", id);
    };

    private LuksTools() {}

    static String ok(String tool, String... arguments) throws IOException, InterruptedException {
        RealTools.Result result = RealTools.run(tool, arguments);
        assertThat(result.exitCode())
                .as("%s %s: %s", tool, List.of(arguments), result.output())
                .isZero();
        return result.output();
    }

    static void create(Path image, String options, String size) throws Exception {
        String all = "key-secret=s,iter-time=10" + (options.isEmpty() ? "" : "," + options);
        String[] arguments = {"create", "-q", "--object", secret(), "-f", "luks", "-o", all, image.toString(), size};
        ok("qemu-img", arguments);
    }

    static String secret() {
        return "secret,id=s,data=" + PASSPHRASE.replace(",", ",,");
    }

    static String imageOptions(Path image) {
        return "driver=luks,key-secret=s,file.driver=file,file.filename=" + image;
    }

    static void io(String imageOptions, String... commands) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("--object", secret(), "--image-opts", imageOptions));
        for (String command : commands) {
            arguments.addAll(List.of("-c", command));
        }
        assertThat(ok("qemu-io", arguments.toArray(new String[0]))).doesNotContain("failed");
    }

    /** The guest's view of an image. */
    static byte[] contents(String imageOptions, Path scratch) throws Exception {
        ok("qemu-img", "convert", "--object", secret(), "--image-opts", imageOptions, "-O", "raw", scratch.toString());
        return Files.readAllBytes(scratch);
    }

    static TestGraph graph() {
        return new TestGraph(new LuksDriver(SECRETS));
    }

    static void createOurs(TestGraph test, String json) {
        BlockdevCreateOptions options = BlockdevCreateOptions.visit(new JsonInputVisitor(TestGraph.json(json)), null);
        BlockDriver driver = test.graph.drivers().find(options.driver().wireName());
        assertThat(driver).isNotNull();
        driver.create(test.graph, options).run();
    }

    static byte[] contents(BlockNode node) {
        byte[] all = new byte[(int) node.length()];
        NativeBuffer buffer = NativeBuffer.allocate(all.length);
        assertThat(node.read(0, buffer, 0, all.length)).isZero();
        buffer.get(0, all, 0, all.length);
        return all;
    }
}
