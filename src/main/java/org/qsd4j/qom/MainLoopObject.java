package org.qsd4j.qom;

import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.ObjectOptions;

/** The main loop, made to be tuned; there is at most one, for good. QEMU: util/main-loop.c. */
final class MainLoopObject extends EventLoopObject {
    private final String id;

    MainLoopObject(ObjectOptions.MainLoop options) {
        this.id = options.id();
        setAll(options.u().toJson());
    }

    @Override
    public String qomType() {
        return "main-loop";
    }

    @Override
    public void checkDeletable() {
        throw QapiException.generic("Deleting main loop '%s' is not supported", id);
    }
}
