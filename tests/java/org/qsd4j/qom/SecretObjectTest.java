package org.qsd4j.qom;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qapi.json.JsonParser;

class SecretObjectTest {
    private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] IV = "fedcba9876543210".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path dir;

    private final ObjectRegistry objects = new ObjectRegistry(new QomTree(), line -> {});

    private void add(String options) {
        objects.add(ObjectOptions.visit(new JsonInputVisitor(JsonParser.parse(options)), null));
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    @Test
    void secretsAreReadRawAndFromBase64AndFromFiles() throws Exception {
        add("{'qom-type':'secret','id':'raw','data':'hello'}");
        assertThat(objects.secret("raw")).asString(StandardCharsets.UTF_8).isEqualTo("hello");
        add("{'qom-type':'secret','id':'base64','data':'" + base64(KEY) + "','format':'base64'}");
        assertThat(objects.secret("base64")).isEqualTo(KEY);
        Path file = Files.write(dir.resolve("f"), KEY);
        add("{'qom-type':'secret','id':'file','file':'" + file + "'}");
        assertThat(objects.secret("file")).isEqualTo(KEY);
    }

    @Test
    void secretsAreDecryptedWithAnother() throws Exception {
        Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(KEY, "AES"), new IvParameterSpec(IV));
        byte[] encrypted = cipher.doFinal("a passphrase of some length".getBytes(StandardCharsets.UTF_8));
        add("{'qom-type':'secret','id':'key','data':'" + base64(KEY) + "','format':'base64'}");
        add("{'qom-type':'secret','id':'s','keyid':'key','format':'base64','iv':'" + base64(IV) + "','data':'"
                + base64(encrypted) + "'}");
        assertThat(objects.secret("s")).asString(StandardCharsets.UTF_8).isEqualTo("a passphrase of some length");
    }

    @Test
    void onlySecretsAreSecrets() {
        add("{'qom-type':'iothread','id':'t'}");
        assertThatThrownBy(() -> objects.secret("t")).hasMessage("Object with id 't' is not a secret");
        assertThatThrownBy(() -> objects.secret("none")).hasMessage("No secret with id 'none'");
    }

    @Test
    void fileWithoutEndIsRefused() {
        assertThatThrownBy(() -> add("{'qom-type':'secret','id':'s','file':'/dev/zero'}"))
                .hasMessage("Unable to read /dev/zero: Error reading file \u201C/dev/zero\u201D: File too large");
    }
}
