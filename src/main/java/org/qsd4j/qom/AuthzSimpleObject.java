package org.qsd4j.qom;

import java.util.List;
import org.qsd4j.qapi.gen.AuthZSimpleProperties;

/** Lets one identity in. QEMU: {@code authz-simple}. */
final class AuthzSimpleObject implements Authorizer {
    /** Written on the main loop, read by threads of connections. */
    private volatile String identity;

    AuthzSimpleObject(AuthZSimpleProperties properties) {
        this.identity = properties.identity();
    }

    @Override
    public boolean isAllowed(String who) {
        return who.equals(identity);
    }

    @Override
    public String qomType() {
        return "authz-simple";
    }

    @Override
    public List<QomProperty> properties() {
        return List.of(QomValues.text("identity", () -> identity, written -> identity = written));
    }
}
