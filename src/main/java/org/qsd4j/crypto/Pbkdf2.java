package org.qsd4j.crypto;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.QCryptoHashAlgo;
import org.qsd4j.sys.Errno;

/**
 * PBKDF2 (RFC 8018) over the bytes of a passphrase. The JDK's own takes characters, and so doesn't take every sequence of
 * bytes.
 */
final class Pbkdf2 {
    /** Shorter measurements say too little. */
    private static final long PROBE_MICROS = TimeUnit.MILLISECONDS.toMicros(100);

    private static final long MAX_PROBES_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final long FIRST_PROBE = 1 << 12;
    private static final long MAX_ITERATIONS = 0xffff_ffffL;
    private static final String RANGE = Errno.message(Errno.ERANGE);

    private Pbkdf2() {}

    /** The derived key of that many bytes. */
    static byte[] derive(QCryptoHashAlgo hash, byte[] passphrase, byte[] salt, long iterations, int bytes) {
        Mac mac = Hashes.hmac(hash, passphrase);
        byte[] key = new byte[bytes];
        byte[] round = new byte[mac.getMacLength()];
        byte[] sum = new byte[round.length];
        try {
            for (int at = 0, block = 1; at < bytes; at += sum.length, block++) {
                mac.update(salt);
                mac.update(bigEndian(block));
                mac.doFinal(round, 0);
                System.arraycopy(round, 0, sum, 0, sum.length);
                for (long i = 1; i < iterations; i++) {
                    mac.update(round);
                    mac.doFinal(round, 0);
                    Bytes.xor(sum, 0, round, 0, sum, 0, sum.length);
                }
                System.arraycopy(sum, 0, key, at, Math.min(sum.length, bytes - at));
            }
            return key;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } finally {
            Arrays.fill(round, (byte) 0);
            Arrays.fill(sum, (byte) 0);
        }
    }

    private static byte[] bigEndian(int block) {
        return new byte[] {(byte) (block >> 24), (byte) (block >> 16), (byte) (block >> 8), (byte) block};
    }

    /**
     * How many iterations this machine does in a second of processor time for a key of that many bytes. Too low an answer
     * makes passphrases easier to guess: time that others take doesn't count, and the first rounds, which the JVM has not
     * compiled yet, are repeated until they don't get faster any more.
     */
    static long iterationsPerSecond(QCryptoHashAlgo hash, int bytes) {
        byte[] text = new byte[32];
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        long iterations = FIRST_PROBE;
        long best = 0;
        while (true) {
            long before = threads.getCurrentThreadCpuTime();
            derive(hash, text, text, iterations, bytes);
            long now = threads.getCurrentThreadCpuTime();
            long micros = Math.max(1, (now - before) / 1000);
            long rate = Math.max(1, iterations * TimeUnit.SECONDS.toMicros(1) / micros);
            if (micros < PROBE_MICROS) {
                iterations *= 2;
                continue;
            }
            if (rate < best + best / 10 || now - start > MAX_PROBES_NANOS) {
                return Math.max(best, rate);
            }
            best = rate;
        }
    }

    /**
     * The iterations for so much time.
     *
     * @throws QapiException if there is no such number
     */
    static long scale(long perSecond, long millis) {
        if (millis < 0 || Math.multiplyHigh(perSecond, millis) != 0 || perSecond * millis < 0) {
            throw QapiException.generic("PBKDF iterations %d too large to scale: %s", perSecond, RANGE);
        }
        long iterations = perSecond * millis / 1000;
        if (iterations > MAX_ITERATIONS) {
            throw QapiException.generic("PBKDF iterations %d larger than %d: %s", iterations, MAX_ITERATIONS, RANGE);
        }
        return iterations;
    }
}
