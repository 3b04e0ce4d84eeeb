package org.qsd4j.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.qsd4j.qapi.gen.QCryptoCipherAlgo;
import org.qsd4j.qapi.gen.QCryptoCipherMode;
import org.qsd4j.qapi.gen.QCryptoHashAlgo;
import org.qsd4j.qapi.gen.QCryptoIVGenAlgo;
import org.qsd4j.sys.NativeBuffer;
import org.qsd4j.testing.Allocations;

/** The parts of the engine against published vectors, and what they cost. What they make of volumes: LuksMatrixTest. */
class BlockCryptoTest {
    private static BlockCrypto crypto(QCryptoCipherMode mode, byte[] key) {
        QCryptoIVGenAlgo ivGenerator = QCryptoIVGenAlgo.ESSIV;
        return new BlockCrypto(
                new CipherSpec(QCryptoCipherAlgo.AES_128, mode, ivGenerator, QCryptoHashAlgo.SHA256), key);
    }

    /** IEEE 1619-2007, annex B, vector 4: data unit 0 of 512 bytes. */
    @Test
    void xtsIsThatOfTheStandard() {
        byte[] key = HexFormat.of().parseHex("2718281828459045235360287471352631415926535897932384626433832795");
        CipherSpec spec =
                new CipherSpec(QCryptoCipherAlgo.AES_128, QCryptoCipherMode.XTS, QCryptoIVGenAlgo.PLAIN64, null);
        NativeBuffer sector = NativeBuffer.allocate(512);
        for (int i = 0; i < 512; i++) {
            sector.putByte(i, (byte) i);
        }
        try (BlockCrypto crypto = new BlockCrypto(spec, key)) {
            crypto.encrypt(0, sector, 0, sector, 0, 512);
            byte[] start = new byte[16];
            sector.get(0, start, 0, 16);
            assertThat(HexFormat.of().formatHex(start)).isEqualTo("27a7479befa1d476489f308cd4cfa6e2");
            crypto.decrypt(0, sector, 0, 512);
            assertThat(sector.getByte(511)).isEqualTo((byte) 255);
        }
        assertThat(key).containsOnly(0);
    }

    /** RFC 6070 and RFC 7914, section 11. */
    @ParameterizedTest
    @CsvSource({
        "SHA1, password, salt, 1, 0c60c80f961f0e71f3a9b524af6012062fe037a6",
        "SHA1, password, salt, 4096, 4b007901b765489abead49d926f721d065a429c1",
        "SHA1, passwordPASSWORDpassword, saltSALTsaltSALTsaltSALTsaltSALTsalt, 4096,"
                + " 3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
        "SHA256, passwd, salt, 1, 55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
    })
    void keysAreDerivedAsInTheRfcs(QCryptoHashAlgo hash, String password, String salt, long iterations, String key) {
        byte[] derived = Pbkdf2.derive(
                hash,
                password.getBytes(StandardCharsets.US_ASCII),
                salt.getBytes(StandardCharsets.US_ASCII),
                iterations,
                key.length() / 2);
        assertThat(HexFormat.of().formatHex(derived)).isEqualTo(key);
    }

    @ParameterizedTest
    @CsvSource({"16, 4000", "20, 4000", "64, 4000", "33, 2", "1, 1"})
    void splitKeysAreMergedAgain(int keyBytes, int stripes) {
        byte[] key = new byte[keyBytes];
        new SecureRandom().nextBytes(key);
        byte[] material = AntiForensic.split(QCryptoHashAlgo.SHA1, key, stripes, new SecureRandom());
        assertThat(AntiForensic.merge(QCryptoHashAlgo.SHA1, material, keyBytes, stripes))
                .isEqualTo(key);
        if (stripes > 1) {
            material[0] ^= 1;
            assertThat(AntiForensic.merge(QCryptoHashAlgo.SHA1, material, keyBytes, stripes))
                    .isNotEqualTo(key);
        }
    }

    @ParameterizedTest
    @EnumSource(QCryptoCipherMode.class)
    void sectorsAreIndependentOfTheRunTheyAreIn(QCryptoCipherMode mode) {
        NativeBuffer plain = NativeBuffer.allocate(40 * 512);
        NativeBuffer whole = NativeBuffer.allocate(40 * 512);
        NativeBuffer parts = NativeBuffer.allocate(40 * 512);
        try (BlockCrypto crypto = crypto(mode, new byte[mode == QCryptoCipherMode.XTS ? 32 : 16])) {
            long offset = (1L << 41) + 512;
            crypto.encrypt(offset, plain, 0, whole, 0, 40 * 512);
            for (int sector = 39; sector >= 0; sector--) {
                crypto.encrypt(offset + sector * 512L, plain, sector * 512, parts, sector * 512, 512);
            }
            for (int i = 0; i < 40 * 512; i++) {
                assertThat(parts.getByte(i)).isEqualTo(whole.getByte(i));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(QCryptoCipherMode.class)
    void workingAllocatesNothing(QCryptoCipherMode mode) {
        NativeBuffer buffer = NativeBuffer.allocate(1 << 16);
        try (BlockCrypto crypto = crypto(mode, new byte[mode == QCryptoCipherMode.XTS ? 32 : 16])) {
            work(crypto, buffer, 300);
            assertThat(Allocations.of(() -> work(crypto, buffer, 1000))).isLessThan(1000);
        }
    }

    private static void work(BlockCrypto crypto, NativeBuffer buffer, int times) {
        for (int i = 0; i < times; i++) {
            crypto.encrypt(i * 512L, buffer, 0, crypto.bounce(), 0, 4096);
            crypto.decrypt(i * 512L, buffer, 0, 4096);
        }
    }
}
