package org.qsd4j.qapi;

/** The one value of the QAPI type {@code null}. */
public enum QNull {
    INSTANCE
}
