package org.qsd4j.export.fuse;

import org.qsd4j.qapi.QapiException;

/** Whether something that not every kernel can do is wanted. */
public enum FuseSwitch {
    ON,
    OFF,
    /** Where it is there and pays. */
    AUTO;

    /**
     * Reads a command line option's argument.
     *
     * @throws QapiException if it is none of {@code on}, {@code off}, {@code auto}
     */
    public static FuseSwitch parse(String option, String argument) {
        return switch (argument) {
            case "on" -> ON;
            case "off" -> OFF;
            case "auto" -> AUTO;
            default -> throw QapiException.generic("Parameter '%s' does not accept value '%s'", option, argument);
        };
    }
}
