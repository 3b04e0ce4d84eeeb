package org.qsd4j.block.driver.luks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevCreateOptionsLUKS;
import org.qsd4j.testing.RealTools;

/** A damaged header is named in the real daemon's words, as long as that has any. */
class LuksHeaderTest {
    private static final int VERSION = 6;
    private static final int CIPHER = 8;
    private static final int MODE = 40;
    private static final int HASH = 72;
    private static final int SLOTS = 208;

    @TempDir
    static Path dir;

    private static byte[] volume = new byte[0];

    @BeforeAll
    static void make() throws Exception {
        Path image = dir.resolve("good");
        LuksTools.create(image, "", "4096");
        volume = Files.readAllBytes(image);
    }

    private static void open(byte[] bytes, String secret) throws IOException {
        Path image = Files.write(dir.resolve("bad"), bytes);
        try (TestGraph test = LuksTools.graph()) {
            test.add("{'driver':'luks','node-name':'n'," + secret + "'file':{'driver':'file','filename':'" + image
                    + "'}}");
        }
    }

    private static void expect(byte[] bytes, String message) {
        assertThatThrownBy(() -> open(bytes, "'key-secret':'s',"))
                .isInstanceOf(QapiException.class)
                .hasMessage(message);
    }

    private static byte[] with(int offset, byte... bytes) {
        byte[] bad = volume.clone();
        System.arraycopy(bytes, 0, bad, offset, bytes.length);
        return bad;
    }

    private static byte[] withInt(int offset, long value) {
        return with(offset, ByteBuffer.allocate(4).putInt((int) value).array());
    }

    private static byte[] withName(int offset, String name) {
        return with(offset, Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), 32));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | Parameter 'key-secret' is required for cipher",
                "'''key-secret'':''nobody'',' | No secret with id 'nobody'",
                "'''key-secret'':''wrong'',' | Invalid password, cannot unlock any keyslot",
                "'''key-secret'':''empty'',' | Invalid password, cannot unlock any keyslot",
                "'''key-secret'':''bytes'',' | Data from secret bytes is not valid UTF-8",
            })
    void secretsThatDontFit(String secret, String message) {
        assertThatThrownBy(() -> open(volume, secret)).hasMessage(message);
    }

    @Test
    void theHeadersOwnFaults() {
        expect(with(0, (byte) 'X'), "Volume is not in LUKS format");
        expect(new byte[0], "Volume is not in LUKS format");
        expect(with(VERSION, (byte) 0, (byte) 2), "LUKS version 2 is not supported");
        expect(with(VERSION, (byte) 0xff, (byte) 0xff), "LUKS version 65535 is not supported");
        byte[] unending = new byte[32];
        Arrays.fill(unending, (byte) 'a');
        expect(with(CIPHER, unending), "LUKS header cipher name is not NUL terminated");
        expect(with(MODE, unending), "LUKS header cipher mode is not NUL terminated");
        expect(with(HASH, unending), "LUKS header hash spec is not NUL terminated");
        expect(withInt(164, 0), "LUKS key iteration count is zero");
        expect(withInt(104, 0), "LUKS payload is overlapping with the header");
        expect(withInt(104, 8), "Keyslot 0 is overlapping with the encrypted payload");
        expect(withInt(104, 4039), "Keyslot 7 is overlapping with the encrypted payload");
        expect(Arrays.copyOf(volume, 100), "LUKS payload is overlapping with the header");
    }

    @ParameterizedTest
    @CsvSource({"foo", "''", "des", "cast5", "des3_ede", "sm4", "serpent", "twofish", "AES"})
    void ciphersThatArentThere(String name) {
        expect(withName(CIPHER, name), "Algorithm '" + name + "' with key size 32 bytes not supported");
    }

    @ParameterizedTest
    @CsvSource({
        "foo, Unexpected cipher mode string format 'foo'",
        "'', Unexpected cipher mode string format ''",
        "xts-foo, IV generator 'foo' not supported",
        "foo-plain, Cipher mode 'foo' not supported",
        "lrw-plain64, Cipher mode 'lrw' not supported",
        "-, Cipher mode '' not supported",
        "xts-essiv, Missing IV generator hash specification",
        "xts-essiv:foo, Hash algorithm 'foo' not supported",
        "xts-essiv:, Hash algorithm '' not supported",
        "xts-essiv:sha1, No AES cipher with key size 20 available",
        "cbc-plain, Algorithm 'aes' with key size 64 bytes not supported",
    })
    void modesThatArentThere(String mode, String message) {
        expect(withName(MODE, mode), message);
    }

    @ParameterizedTest
    @CsvSource({"foo", "''", "SHA256", "ripemd160"})
    void hashesThatArentThere(String name) {
        expect(withName(HASH, name), "Hash algorithm '" + name + "' not supported");
    }

    @Test
    void keysOfNoLength() {
        expect(withInt(108, 0), "Algorithm 'aes' with key size 0 bytes not supported");
        expect(withInt(108, 63), "Algorithm 'aes' with key size 31 bytes not supported");
        expect(withInt(108, 65), "Keyslots 0 and 1 are overlapping in the header");
        expect(withInt(108, 0x7fffffff), "Keyslot 0 is overlapping with the encrypted payload");
        expect(withInt(108, 0xffffffffL), "Keyslot 0 is overlapping with the encrypted payload");
    }

    @ParameterizedTest
    @CsvSource({"0", "3", "7"})
    void keySlots(int slot) {
        int at = SLOTS + 48 * slot;
        expect(withInt(at, 1), "Keyslot " + slot + " state (active/disable) is corrupted");
        byte[] active = withInt(at, 0x00ac71f3);
        ByteBuffer.wrap(active).putInt(at + 4, 0);
        expect(active, "Keyslot " + slot + " iteration count is zero");
        expect(withInt(at + 44, 0), "Keyslot " + slot + " is corrupted (stripes 0 != 4000)");
        expect(withInt(at + 44, 0xffffffffL), "Keyslot " + slot + " is corrupted (stripes -1 != 4000)");
        expect(withInt(at + 40, 4040), "Keyslot " + slot + " is overlapping with the encrypted payload");
        String nearSlotOne = "Keyslots " + Math.min(slot, 1) + " and " + Math.max(slot, 1);
        expect(withInt(at + 40, 600), nearSlotOne + " are overlapping in the header");
        expect(
                withInt(at + 40, 1),
                slot == 0
                        ? "Keyslot 0 is overlapping with the LUKS header"
                        : "Keyslots 0 and " + slot + " are overlapping in the header");
    }

    /** The real daemon computes in 32 bits here, and reads key material beyond all files. */
    @Test
    void keyMaterialThatWrapsAround() {
        expect(withInt(SLOTS + 40, 0xffffffffL), "Keyslot 0 is overlapping with the encrypted payload");
    }

    @Test
    void iterationsThatWouldTakeHours() {
        expect(
                withInt(SLOTS + 4, 0xffffffffL),
                "LUKS key iteration counts of " + (0xffffffffL + masterKeyIterations())
                        + " together are too large; at most 268435456 are supported");
    }

    private static long masterKeyIterations() {
        return Integer.toUnsignedLong(ByteBuffer.wrap(volume).getInt(164));
    }

    @Test
    void volumesThatEndBeforeTheirPayload() {
        expect(Arrays.copyOf(volume, 1_000_000), "Could not refresh total sector count: Input/output error");
        expect(withInt(104, 0xffffffffL), "Could not refresh total sector count: Input/output error");
    }

    /** Where both open it or both refuse it; the seed is the number of the mutation. */
    @Test
    void randomDamageIsJudgedAsTheRealToolsDo() throws Exception {
        for (int seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            byte[] bad = volume.clone();
            for (int i = 0; i <= random.nextInt(3); i++) {
                int[] fields = {0, VERSION, CIPHER, MODE, HASH, 104, SLOTS, SLOTS + 44, SLOTS + 48, SLOTS + 88};
                bad[fields[random.nextInt(fields.length)] + random.nextInt(4)] ^= (byte) (1 << random.nextInt(8));
            }
            String ours = assertTimeoutPreemptively(Duration.ofSeconds(20), () -> verdict(bad));
            String[] arguments = {
                "info", "--object", LuksTools.secret(), "--image-opts", LuksTools.imageOptions(dir.resolve("bad"))
            };
            RealTools.Result theirs = RealTools.run("qemu-img", arguments);
            String says = theirs.exitCode() == 0 ? "" : theirs.output().replaceFirst("(?s).*filename=[^']*': ", "");
            // Without the passphrase, qemu-img doesn't look at the key.
            boolean keyFault = ours.startsWith("Invalid password") && says.isEmpty();
            assertThat(keyFault ? says : ours).as("seed %d", seed).isEqualTo(says);
        }
    }

    private static String verdict(byte[] bytes) throws IOException {
        try {
            open(bytes, "'key-secret':'s',");
            return "";
        } catch (QapiException e) {
            return e.desc();
        }
    }

    @Test
    void aNodeThatIsMissingIsNamedBeforeTheSecretIs() {
        JsonInputVisitor options = new JsonInputVisitor(TestGraph.json("{'file':'nope','size':512}"));
        try (TestGraph test = LuksTools.graph()) {
            assertThatThrownBy(() -> LuksCreation.create(
                            test.graph, BlockdevCreateOptionsLUKS.visit(options, null), id -> new byte[0]))
                    .hasMessage("Cannot find device='nope' nor node-name='nope'");
        }
    }
}
