package org.qsd4j.export.nbd;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.qsd4j.Requirements;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.gen.ObjectOptions;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;

/** Objects for TLS, as object-add makes them. */
final class TestTls {
    /** What the server has said of clients that were kept out. */
    final Queue<String> reports = new ConcurrentLinkedQueue<>();

    final ObjectRegistry objects = new ObjectRegistry(new QomTree(), line -> {});

    /** @param json in single quotes */
    TestTls add(String json) throws Exception {
        objects.add(
                ObjectOptions.visit(new JsonInputVisitor(new ObjectMapper().readTree(json.replace('\'', '"'))), null));
        return this;
    }

    TlsGate gate(String creds, @Nullable String authz) {
        return new TlsGate(objects.tlsCreds(creds, true), authz, objects, reports::add);
    }

    static TlsGate anonymous() throws Exception {
        Requirements.gnutls();
        return new TestTls()
                .add("{'qom-type': 'tls-creds-anon', 'id': 't', 'endpoint': 'server'}")
                .gate("t", null);
    }
}
