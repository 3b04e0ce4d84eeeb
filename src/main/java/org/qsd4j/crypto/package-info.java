/**
 * Encryption of images: LUKS (version 1) and the old AES encryption of qcow2, over the JDK's ciphers and hashes. What the
 * JDK has none of (Serpent, Twofish, CAST5, SM4, RIPEMD-160, SM3) is refused as an algorithm that isn't there.
 */
@NullMarked
package org.qsd4j.crypto;

import org.jspecify.annotations.NullMarked;
