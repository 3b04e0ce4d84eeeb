package org.qsd4j.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.qsd4j.export.nbd.RawNbdClient.infoRequest;
import static org.qsd4j.export.nbd.RawNbdClient.metaRequest;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.export.nbd.RawNbdClient.OptionReply;
import org.qsd4j.nbd.wire.Nbd;

class NbdHandshakeTest {
    @TempDir
    Path dir;

    private NbdFixture server;
    private RawNbdClient client;

    @BeforeEach
    void start() throws Exception {
        server = new NbdFixture(dir);
        server.addFile("e");
        client = server.connect();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    @Test
    void greetingIsFixedNewstyleWithoutZeroes() throws Exception {
        assertThat(HexFormat.of().formatHex(client.receive(18))).isEqualTo("4e42444d4147494349484156454f50540003");
    }

    @Test
    void unknownClientFlagsAreDropped() throws Exception {
        client.hello(0x10003);
        assertThat(client.isDropped()).isTrue();
    }

    @Test
    void wrongOptionMagicIsDropped() throws Exception {
        client.hello().send(new byte[16]);
        assertThat(client.isDropped()).isTrue();
    }

    @Test
    void absurdOptionLengthIsDropped() throws Exception {
        client.hello().sendOption(Nbd.NBD_OPT_GO, Nbd.NBD_MAX_BUFFER_SIZE + 1, new byte[0]);
        assertThat(client.isDropped()).isTrue();
    }

    @Test
    void negativeOptionLengthIsDropped() throws Exception {
        client.hello().sendOption(Nbd.NBD_OPT_GO, -1, new byte[0]);
        assertThat(client.isDropped()).isTrue();
    }

    @Test
    void anOptionOfThirtyTwoMegabytesIsReadAndRefused() throws Exception {
        byte[] data = new byte[Nbd.NBD_MAX_BUFFER_SIZE];
        Arrays.fill(data, (byte) 'a');
        OptionReply reply = client.hello().option(Nbd.NBD_OPT_GO, data).get(0);
        assertThat(reply.type()).isEqualTo(Nbd.NBD_REP_ERR_INVALID);
        assertThat(reply.text()).isEqualTo("Invalid name length: 1633771873");
        assertThat(client.optionResult(Nbd.NBD_OPT_LIST)).isEqualTo(Nbd.NBD_REP_ACK);
    }

    @Test
    void unknownOptionIsNamedAndSkipped() throws Exception {
        OptionReply reply = client.hello().option(99, new byte[10000]).get(0);
        assertThat(reply.type()).isEqualTo(Nbd.NBD_REP_ERR_UNSUP);
        assertThat(reply.text()).isEqualTo("Unsupported option 99 (<unknown>)");
        assertThat(client.optionResult(Nbd.NBD_OPT_LIST)).isEqualTo(Nbd.NBD_REP_ACK);
    }

    @Test
    void withoutFixedNewstyleOnlyTheExportNameWorks() throws Exception {
        client.hello(0);
        client.sendOption(Nbd.NBD_OPT_EXPORT_NAME, 1, new byte[] {'e'});
        ByteBuffer answer = ByteBuffer.wrap(client.receive(134));
        assertThat(answer.getLong()).isEqualTo(NbdFixture.SIZE);
        assertThat(answer.getShort()).isEqualTo((short) 0x0d6d);
        try (RawNbdClient other = server.connect()) {
            other.hello(0).sendOption(Nbd.NBD_OPT_LIST, 0, new byte[0]);
            assertThat(other.isDropped()).isTrue();
        }
    }

    @Test
    void exportNameOfAnUnknownExportIsDropped() throws Exception {
        client.hello().sendOption(Nbd.NBD_OPT_EXPORT_NAME, 1, new byte[] {'x'});
        assertThat(client.isDropped()).isTrue();
    }

    @Test
    void exportNameAfterExtendedHeadersIsDropped() throws Exception {
        client.hello().option(Nbd.NBD_OPT_EXTENDED_HEADERS);
        client.sendOption(Nbd.NBD_OPT_EXPORT_NAME, 1, new byte[] {'e'});
        assertThat(client.isDropped()).isTrue();
    }

    @Test
    void infoTellsNameBlockSizesAndSize() throws Exception {
        List<OptionReply> replies = client.hello().option(Nbd.NBD_OPT_INFO, infoRequest("e", 1, 3));
        assertThat(replies).extracting(OptionReply::type).containsExactly(3, 3, 3, 1);
        assertThat(HexFormat.of().formatHex(replies.get(0).data())).isEqualTo("000165");
        assertThat(HexFormat.of().formatHex(replies.get(1).data())).isEqualTo("0003000000010000100002000000");
        assertThat(HexFormat.of().formatHex(replies.get(2).data())).isEqualTo("000000000000001000000d6d");
    }

    @Test
    void lengthsOfGoThatDisagreeAreRefused() throws Exception {
        client.hello();
        assertThat(client.option(Nbd.NBD_OPT_GO).get(0).text()).isEqualTo("Inconsistent lengths in option go");
        assertThat(client.option(Nbd.NBD_OPT_GO, new byte[] {0, 0, 0, 1, 'e', 0, 0, 'z'})
                        .get(0)
                        .text())
                .isEqualTo("option 'go' has unexpected length");
        assertThat(client.option(Nbd.NBD_OPT_GO, new byte[] {0, 0, 0, 2, 'e', 0, 0, 0})
                        .get(0)
                        .text())
                .isEqualTo("Unexpected embedded NUL in option go");
    }

    @Test
    void aLongUnknownNameIsCutInTheAnswer() throws Exception {
        OptionReply reply = client.hello()
                .option(Nbd.NBD_OPT_GO, infoRequest("f".repeat(4096)))
                .get(0);
        assertThat(reply.type()).isEqualTo(Nbd.NBD_REP_ERR_UNKNOWN);
        assertThat(reply.text()).isEqualTo("export '" + "f".repeat(80) + "...' not present");
    }

    @Test
    void structuredRepliesAndExtendedHeadersOnlyOnce() throws Exception {
        client.hello();
        assertThat(client.optionResult(Nbd.NBD_OPT_STRUCTURED_REPLY)).isEqualTo(Nbd.NBD_REP_ACK);
        assertThat(client.optionResult(Nbd.NBD_OPT_STRUCTURED_REPLY)).isEqualTo(Nbd.NBD_REP_ERR_INVALID);
        assertThat(client.optionResult(Nbd.NBD_OPT_EXTENDED_HEADERS)).isEqualTo(Nbd.NBD_REP_ACK);
        assertThat(client.optionResult(Nbd.NBD_OPT_EXTENDED_HEADERS)).isEqualTo(Nbd.NBD_REP_ERR_INVALID);
        assertThat(client.optionResult(Nbd.NBD_OPT_STRUCTURED_REPLY)).isEqualTo(Nbd.NBD_REP_ERR_EXT_HEADER_REQD);
    }

    @Test
    void metaContextsNeedStructuredReplies() throws Exception {
        OptionReply reply = client.hello()
                .option(Nbd.NBD_OPT_SET_META_CONTEXT, metaRequest("e", "base:allocation"))
                .get(0);
        assertThat(reply.type()).isEqualTo(Nbd.NBD_REP_ERR_INVALID);
        assertThat(reply.text()).isEqualTo("request option 'set meta context' when structured reply is not negotiated");
    }

    @Test
    void wildcardsListButDontSet() throws Exception {
        client.hello().option(Nbd.NBD_OPT_STRUCTURED_REPLY);
        assertThat(client.option(Nbd.NBD_OPT_LIST_META_CONTEXT, metaRequest("e", "qemu:", "base:")))
                .hasSize(3);
        assertThat(client.option(Nbd.NBD_OPT_LIST_META_CONTEXT, metaRequest("e")))
                .hasSize(3);
        assertThat(client.option(Nbd.NBD_OPT_SET_META_CONTEXT, metaRequest("e", "qemu:", "base:")))
                .hasSize(1);
    }

    @Test
    void bytesBehindTheLastQueryAreRefused() throws Exception {
        client.hello().option(Nbd.NBD_OPT_STRUCTURED_REPLY);
        byte[] request = metaRequest("e", "base:allocation");
        assertThat(client.optionResult(Nbd.NBD_OPT_SET_META_CONTEXT, Arrays.copyOf(request, request.length + 3)))
                .isEqualTo(Nbd.NBD_REP_ERR_INVALID);
        assertThat(client.optionResult(Nbd.NBD_OPT_LIST)).isEqualTo(Nbd.NBD_REP_ACK);
    }

    @Test
    void aCountOfQueriesThatCantBeIsRefused() throws Exception {
        byte[] request = {0, 0, 0, 1, 'e', -1, -1, -1, -1};
        assertThat(client.hello().optionResult(Nbd.NBD_OPT_LIST_META_CONTEXT, request))
                .isEqualTo(Nbd.NBD_REP_ERR_INVALID);
    }

    @Test
    void queriesThatAreTooLongAreSkipped() throws Exception {
        client.hello().option(Nbd.NBD_OPT_STRUCTURED_REPLY);
        assertThat(client.option(Nbd.NBD_OPT_SET_META_CONTEXT, metaRequest("e", "q".repeat(4097), "base:allocation")))
                .extracting(OptionReply::type)
                .containsExactly(Nbd.NBD_REP_META_CONTEXT, Nbd.NBD_REP_ACK);
    }

    @Test
    void aFailedSetTakesEarlierGrantsAway() throws Exception {
        client.hello().option(Nbd.NBD_OPT_STRUCTURED_REPLY);
        client.option(Nbd.NBD_OPT_SET_META_CONTEXT, metaRequest("e", "base:allocation"));
        client.option(Nbd.NBD_OPT_SET_META_CONTEXT, metaRequest("x", "base:allocation"));
        client.option(Nbd.NBD_OPT_GO, infoRequest("e"));
        assertThat(client.error(Nbd.NBD_CMD_BLOCK_STATUS, 0, 0, 512)).isEqualTo(Nbd.NBD_EINVAL);
    }

    @Test
    void contextsOfAnotherExportAreWorthNothing() throws Exception {
        server.addFile("other");
        client.hello().option(Nbd.NBD_OPT_STRUCTURED_REPLY);
        client.option(Nbd.NBD_OPT_SET_META_CONTEXT, metaRequest("other", "base:allocation"));
        client.option(Nbd.NBD_OPT_GO, infoRequest("e"));
        assertThat(client.error(Nbd.NBD_CMD_BLOCK_STATUS, 0, 0, 512)).isEqualTo(Nbd.NBD_EINVAL);
    }

    @Test
    void abortIsAcknowledgedAndClosed() throws Exception {
        assertThat(client.hello().optionResult(Nbd.NBD_OPT_ABORT, (byte) 1)).isEqualTo(Nbd.NBD_REP_ACK);
        assertThat(client.isDropped()).isTrue();
    }

    @Test
    void starttlsWithoutCredentialsIsAgainstPolicy() throws Exception {
        assertThat(client.hello().optionResult(Nbd.NBD_OPT_STARTTLS)).isEqualTo(Nbd.NBD_REP_ERR_POLICY);
    }
}
