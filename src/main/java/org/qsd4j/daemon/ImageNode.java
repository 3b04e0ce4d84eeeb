package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.driver.file.HostDeviceDriver;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockdevOptions;

/** The node for an image that a person names on the command line of one of {@code qsd4j}'s own commands. */
final class ImageNode {
    static final String NAME = "image";

    private static final byte[] QCOW2_MAGIC = {'Q', 'F', 'I', (byte) 0xfb};
    private static final List<String> FORMATS = List.of("raw", "qcow2");

    private ImageNode() {}

    /**
     * The format to open the image in. Who can write into a raw image can make it look like any other format, one that
     * names further files of the host, say: so nobody else's word is taken for it where that would be written to.
     */
    static String format(String image, boolean writable, @Nullable String named) {
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
        return isQcow2(image) ? "qcow2" : "raw";
    }

    static boolean isQcow2(String image) {
        return startsWith(image, QCOW2_MAGIC);
    }

    private static boolean startsWith(String image, byte[] magic) {
        try (InputStream in = Files.newInputStream(Path.of(image))) {
            return Arrays.equals(in.readNBytes(magic.length), magic);
        } catch (IOException e) {
            // The driver says it better.
            return false;
        }
    }

    /** What opens the file, or the device. */
    static ObjectNode protocol(String image) {
        String driver = HostDeviceDriver.isDevice(image) ? "host_device" : "file";
        return QapiJson.object().put("driver", driver).put("filename", image);
    }

    static BlockdevOptions options(String image, String format, boolean writable) {
        ObjectNode file = protocol(image);
        ObjectNode node = QapiJson.object()
                .put("driver", format)
                .put("node-name", NAME)
                .put("read-only", !writable)
                .put("discard", "unmap");
        node.set("file", file.put("read-only", !writable).put("discard", "unmap"));
        return BlockdevOptions.visit(new JsonInputVisitor(node), null);
    }
}
