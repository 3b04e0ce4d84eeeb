package org.qsd4j.block.driver.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.luks.LuksDriver;
import org.qsd4j.sys.NativeBuffer;

/** An overlay over an encrypted image shows its contents, copies of it what it must, and leaves it as it is. */
class EncryptedBackingTest {
    private static final int DISK = 1 << 20;
    private static final String SECRET = "secret,id=s,data=a passphrase";

    @TempDir
    Path dir;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"luks | key-secret=s", "qcow2 | encrypt.format=luks,encrypt.key-secret=s"})
    void overlayCopiesFromTheEncryptedImage(String format, String key) throws Exception {
        Path base = dir.resolve("base");
        Path top = dir.resolve("top");
        String prefix = format.equals("luks") ? "" : "encrypt.";
        String[] create = {
            "create",
            "-q",
            "--object",
            SECRET,
            "-f",
            format,
            "-o",
            key + "," + prefix + "iter-time=10",
            base.toString(),
            "1M"
        };
        QemuTools.ok("qemu-img", create);
        String baseOptions = "driver=" + format + "," + key + ",file.driver=file,file.filename=" + base;
        String[] fill = {"--object", SECRET, "--image-opts", "-c", "write -P 33 0 1M", baseOptions};
        assertThat(QemuTools.ok("qemu-io", fill)).doesNotContain("failed");
        byte[] before = Files.readAllBytes(base);
        QemuTools.create(top, "", "1M");
        String json = format.equals("luks") ? "'key-secret':'s'" : "'encrypt':{'format':'luks','key-secret':'s'}";
        try (TestGraph test = new TestGraph(
                new Qcow2Driver(line -> {}, event -> {}, QemuTools.SECRETS), new LuksDriver(QemuTools.SECRETS))) {
            BlockNode node = test.add("{'driver':'qcow2','node-name':'n','file':{'driver':'file','filename':'" + top
                    + "'},'backing':{'driver':'" + format + "'," + json + ",'file':{'driver':'file','filename':'" + base
                    + "'}}}");
            BlockBackend writer = test.writer(node);
            NativeBuffer buffer = NativeBuffer.allocate(DISK);
            for (int i = 0; i < 3000; i++) {
                buffer.putByte(i, (byte) 7);
            }
            assertThat(writer.write(200_001, buffer, 0, 3000, 0)).isZero();
            assertThat(writer.flush()).isZero();
        }
        byte[] expected = new byte[DISK];
        Arrays.fill(expected, (byte) 33);
        Arrays.fill(expected, 200_001, 203_001, (byte) 7);
        String topOptions = "driver=qcow2,file.driver=file,file.filename=" + top + ",backing."
                + baseOptions.replace(",", ",backing.");
        Path raw = dir.resolve("raw");
        QemuTools.ok(
                "qemu-img", "convert", "--object", SECRET, "--image-opts", topOptions, "-O", "raw", raw.toString());
        assertThat(Files.readAllBytes(raw)).isEqualTo(expected);
        assertThat(Files.readAllBytes(base)).isEqualTo(before);
        WriteModelTest.check(top);
    }
}
