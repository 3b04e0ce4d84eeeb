package org.qsd4j.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.qsd4j.qapi.QapiEvent;
import org.qsd4j.trace.TraceLog;

class QmpSessionTest {
    private static final String NEGOTIATE = "{'execute':'qmp_capabilities'}";
    private static final String NEGOTIATE_OOB = "{'execute':'qmp_capabilities','arguments':{'enable':['oob']}}";
    private static final String QUERY = "{'execute':'query-version'}";
    private static final QapiEvent EVENT =
            new QapiEvent("SOMETHING", JsonNodeFactory.instance.objectNode().put("id", "x"));

    private final QmpTestClient client = new QmpTestClient(false);

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void withoutOobOneRequestIsReadAtATime() {
        client.send(NEGOTIATE);
        client.holdBack();
        client.send(QUERY.repeat(5));
        for (int i = 0; i < 5; i++) {
            assertThat(client.waitingTasks()).isEqualTo(1);
            client.runOne();
            assertThat(client.lines()).hasSize(3 + i);
        }
        assertThat(client.waitingTasks()).isZero();
    }

    @Test
    void withOobEightRequestsAreReadAhead() {
        client.send(NEGOTIATE_OOB);
        client.holdBack();
        client.send(QUERY.repeat(20));
        assertThat(client.waitingTasks()).isEqualTo(8);
        client.runOne();
        assertThat(client.waitingTasks()).isEqualTo(8);
    }

    @Test
    void outOfBandCommandOvertakes() {
        client.send(NEGOTIATE_OOB);
        client.holdBack();
        client.send(QUERY + "{'exec-oob':'overtake','id':1,'arguments':{'a':2}}");
        assertThat(client.lastLine()).isEqualTo("{\"return\": {\"a\": 2}, \"id\": 1}");
        client.runOne();
        assertThat(client.lastLine()).startsWith("{\"return\": {\"qemu\"");
    }

    @Test
    void parseErrorsKeepTheirPlaceInTheOrder() {
        client.send(NEGOTIATE_OOB);
        client.holdBack();
        client.send(QUERY + "x" + QUERY);
        assertThat(client.waitingTasks()).isEqualTo(3);
        client.runOne();
        assertThat(client.lastLine()).startsWith("{\"return\"");
        client.runOne();
        assertThat(client.lastLine()).contains("invalid keyword 'x'");
    }

    @Test
    void eventsComeWithTheirTimeAfterTheNegotiationOnly() {
        client.events().accept(EVENT);
        assertThat(client.lines()).hasSize(1);
        client.send(NEGOTIATE);
        long before = System.currentTimeMillis() / 1000;
        client.events().accept(EVENT);
        assertThat(client.lastLine())
                .matches("\\{\"timestamp\": \\{\"seconds\": [0-9]+, \"microseconds\": [0-9]{1,6}}, "
                        + "\"event\": \"SOMETHING\", \"data\": \\{\"id\": \"x\"}}");
        long seconds = Long.parseLong(client.lastLine().replaceAll(".*\"seconds\": ([0-9]+),.*", "$1"));
        assertThat(seconds).isBetween(before, before + 5);
        client.events().accept(new QapiEvent("BARE", null));
        assertThat(client.lastLine()).endsWith("}, \"event\": \"BARE\"}");
    }

    @Test
    void nextClientStartsAnewAndNeverSeesTheLastOnesReplies() {
        client.send(NEGOTIATE);
        client.holdBack();
        client.send(QUERY + "{");
        client.chardev().disconnect();
        client.chardev().connect();
        client.runOne();
        assertThat(client.lines()).hasSize(1);
        client.send(QUERY);
        client.runOne();
        assertThat(client.lastLine()).contains("Expecting capabilities negotiation with 'qmp_capabilities'");
        client.send("x ");
        client.runOne();
        assertThat(client.lastLine()).contains("\"1:28: JSON parse error, invalid keyword 'x'\"");
    }

    @Test
    void sessionIsBusyWhileARequestWaits() {
        client.send(NEGOTIATE);
        client.holdBack();
        assertThat(client.isBusy()).isFalse();
        client.send(QUERY);
        assertThat(client.isBusy()).isTrue();
        client.runOne();
        assertThat(client.isBusy()).isFalse();
    }

    @Test
    void commandThatBreaksIsAnErrorAndIsReported() {
        client.send(NEGOTIATE + "{'execute':'break'}");
        assertThat(client.lastLine())
                .isEqualTo("{\"error\": {\"class\": \"GenericError\", \"desc\": \"Internal error: "
                        + "java.lang.IllegalStateException: broken\"}}");
        assertThat(client.reported()).containsExactly("QMP command failed: java.lang.IllegalStateException: broken");
    }

    @Test
    void introspectionIsAnswered() {
        client.send(NEGOTIATE + "{'execute':'query-qmp-schema'}");
        assertThat(client.lastLine())
                .startsWith("{\"return\": [{")
                .contains("\"name\": \"query-qmp-schema\"")
                .contains("\"meta-type\": \"command\"");
        client.send("{'execute':'query-commands'}");
        assertThat(client.lastLine()).contains("{\"name\": \"query-commands\"}");
    }

    @Test
    void anIdOfAnySizeIsEchoedInTime() {
        StringBuilder id = new StringBuilder("{");
        for (int i = 0; i < 200_000; i++) {
            id.append(i == 0 ? "" : ",").append("\"k").append(i).append("\":").append(i);
        }
        client.send(NEGOTIATE + "{'execute':'query-version','id':" + id + "}}");
        assertThat(client.chardev().sent().length).isGreaterThan(id.length());
        assertThat(new String(client.chardev().sent(), StandardCharsets.US_ASCII))
                .contains("\"k199999\": 199999");
    }

    @Test
    void replyBeyondAllMeasureIsAnErrorInBandAndOutOfBand() {
        client.send(NEGOTIATE_OOB);
        StringBuilder id = new StringBuilder();
        for (int i = 0; i < 12 << 20; i++) {
            id.append('\u007f');
        }
        client.send("{'execute':'query-version','id':'" + id + "'}");
        assertThat(client.lastLine()).contains("\"desc\": \"The reply is larger than 64 MiB\"");
        client.send("{'exec-oob':'overtake','id':'" + id + "'}");
        assertThat(client.lines())
                .filteredOn(line -> line.contains("larger than"))
                .hasSize(2);
        client.send(QUERY);
        assertThat(client.lastLine()).startsWith("{\"return\": {\"qemu\"");
    }

    @Test
    void deeplyNestedRequestIsTraced() throws Exception {
        ByteArrayOutputStream trace = new ByteArrayOutputStream();
        TraceLog.writeTo(trace);
        TraceLog.enable("handle_qmp_command");
        try {
            client.send(NEGOTIATE + "{'execute':'query-version','id':" + "[".repeat(1020) + "]".repeat(1020) + "}");
            assertThat(client.lastLine()).startsWith("{\"return\"");
            assertThat(trace.toString(StandardCharsets.US_ASCII)).contains("[".repeat(1020));
        } finally {
            TraceLog.enable("-handle_qmp_command");
            TraceLog.writeTo(new FileOutputStream(FileDescriptor.err));
        }
    }

    @Test
    void monitorThatIsToBeDeletedGoesWithItsClientAndItsChardev() {
        client.send(
                NEGOTIATE
                        + "{'execute':'qom-set','arguments':{'path':'compat_monitor0','property':'close-action','value':'delete'}}");
        assertThat(client.lastLine()).isEqualTo("{\"return\": {}}");
        client.chardev().disconnect();
        assertThat(client.tree().objects().find("compat_monitor0")).isNull();
        assertThat(client.tree().chardevs().find("c")).isNull();
    }
}
