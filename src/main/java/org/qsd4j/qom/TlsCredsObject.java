package org.qsd4j.qom;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.gen.QCryptoTLSCredsEndpoint;
import org.qsd4j.qapi.gen.TlsCredsAnonProperties;
import org.qsd4j.qapi.gen.TlsCredsPskProperties;
import org.qsd4j.qapi.gen.TlsCredsX509Properties;
import org.qsd4j.tls.AnonCreds;
import org.qsd4j.tls.PskCreds;
import org.qsd4j.tls.TlsCreds;
import org.qsd4j.tls.X509Creds;

/**
 * TLS credentials as users make them. Files are read once, when the object is made: as in QEMU, what is written to
 * properties about them is only kept. Whether the peer is verified, and the priority, count from the next connection on.
 */
record TlsCredsObject(String qomType, TlsCreds creds, List<QomProperty> properties) implements QomObject {
    static TlsCredsObject anonymous(TlsCredsAnonProperties p, Consumer<String> report) {
        AnonCreds creds = AnonCreds.load(p, report);
        return new TlsCredsObject(
                "tls-creds-anon", creds, common(creds, p.endpoint(), p.dir(), p.verifyPeer(), p.priority()));
    }

    static TlsCredsObject psk(TlsCredsPskProperties p, Consumer<String> report) {
        PskCreds creds = PskCreds.load(p, report);
        List<QomProperty> properties = common(creds, p.endpoint(), p.dir(), p.verifyPeer(), p.priority());
        properties.add(text("username", p.username(), written -> {}));
        return new TlsCredsObject("tls-creds-psk", creds, properties);
    }

    /** @param password of an encrypted key, if there is one */
    static TlsCredsObject x509(TlsCredsX509Properties p, @Nullable String password, Consumer<String> report) {
        X509Creds creds = X509Creds.load(p, password, report);
        List<QomProperty> properties = common(creds, p.endpoint(), p.dir(), p.verifyPeer(), p.priority());
        properties.add(flag("sanity-check", p.sanityCheck(), written -> {}));
        properties.add(text("passwordid", p.passwordid(), written -> {}));
        return new TlsCredsObject("tls-creds-x509", creds, properties);
    }

    private static List<QomProperty> common(
            TlsCreds creds,
            @Nullable QCryptoTLSCredsEndpoint endpoint,
            @Nullable String dir,
            @Nullable Boolean verifyPeer,
            @Nullable String priority) {
        AtomicReference<@Nullable String> side =
                new AtomicReference<>((endpoint == null ? QCryptoTLSCredsEndpoint.CLIENT : endpoint).wireName());
        List<QomProperty> properties = new ArrayList<>();
        properties.add(new QomProperty(
                "endpoint",
                "QCryptoTLSCredsEndpoint",
                () -> TextNode.valueOf(side.get()),
                QomValues.setter(
                        "endpoint",
                        visitor -> QCryptoTLSCredsEndpoint.visit(visitor, "endpoint")
                                .wireName(),
                        side::set)));
        properties.add(text("dir", dir, written -> {}));
        properties.add(flag("verify-peer", verifyPeer, creds::setVerifyPeer));
        properties.add(text("priority", priority, creds::setPriority));
        return properties;
    }

    /** @param effect what a written value does beside being kept */
    private static QomProperty text(String name, @Nullable String value, Consumer<String> effect) {
        AtomicReference<@Nullable String> shown = new AtomicReference<>(value);
        return QomValues.text(name, shown::get, written -> {
            effect.accept(written);
            shown.set(written);
        });
    }

    /** @param effect what a written value does beside being kept */
    private static QomProperty flag(String name, @Nullable Boolean value, Consumer<Boolean> effect) {
        AtomicBoolean shown = new AtomicBoolean(!Boolean.FALSE.equals(value));
        return new QomProperty(
                name,
                "bool",
                () -> BooleanNode.valueOf(shown.get()),
                QomValues.setter(name, visitor -> visitor.bool(name), written -> {
                    effect.accept(written);
                    shown.set(written);
                }));
    }
}
