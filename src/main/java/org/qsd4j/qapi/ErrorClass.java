package org.qsd4j.qapi;

/** The error classes of QMP; what a client may tell apart without reading the text. QEMU: {@code QapiErrorClass}. */
public enum ErrorClass {
    GENERIC_ERROR("GenericError"),
    COMMAND_NOT_FOUND("CommandNotFound"),
    DEVICE_NOT_ACTIVE("DeviceNotActive"),
    DEVICE_NOT_FOUND("DeviceNotFound"),
    KVM_MISSING_CAP("KVMMissingCap");

    private final String wireName;

    ErrorClass(String wireName) {
        this.wireName = wireName;
    }

    /** The name as it stands in a QMP error reply. */
    public String wireName() {
        return wireName;
    }
}
