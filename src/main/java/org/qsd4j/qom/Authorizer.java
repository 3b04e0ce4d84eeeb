package org.qsd4j.qom;

/** An object that decides who may come in. QEMU: {@code QAuthZ}. Any thread. */
interface Authorizer extends QomObject {
    /** @param identity who it is, in the words of whoever asks */
    boolean isAllowed(String identity);
}
