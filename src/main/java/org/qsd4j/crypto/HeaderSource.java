package org.qsd4j.crypto;

/** Where a volume's header and key material are read from. */
@FunctionalInterface
public interface HeaderSource {
    /**
     * Fills {@code into} from {@code offset}; what lies behind the end reads as zeroes.
     *
     * @return 0 or -errno
     */
    int read(long offset, byte[] into);
}
