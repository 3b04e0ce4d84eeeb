package org.qsd4j.qapi;

/** The JSON type of a value; what the branches of an alternate are told apart by. QEMU: {@code QType}. */
public enum JsonKind {
    NULL,
    NUMBER,
    STRING,
    DICT,
    LIST,
    BOOL
}
