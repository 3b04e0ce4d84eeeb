package org.qsd4j.qapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qsd4j.qapi.gen.BlockExportIothreads;
import org.qsd4j.qapi.gen.BlockExportOptions;
import org.qsd4j.qapi.gen.BlockdevDriver;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsBase;
import org.qsd4j.qapi.gen.BlockdevOptionsNull;
import org.qsd4j.qapi.gen.BlockdevRef;
import org.qsd4j.qapi.gen.BlockdevRefOrNull;
import org.qsd4j.qapi.gen.QMPCapability;
import org.qsd4j.qapi.gen.QapiEvents;
import org.qsd4j.qapi.gen.SchemaInfo;
import org.qsd4j.qapi.gen.SchemaInfoBase;
import org.qsd4j.qapi.gen.SchemaMetaType;

class GeneratedModelTest {
    private static JsonNode json(String text) throws Exception {
        return new ObjectMapper().readTree(text);
    }

    private static BlockdevOptions blockdev(String text) throws Exception {
        return BlockdevOptions.visit(new JsonInputVisitor(json(text)), null);
    }

    /** Reading and writing again gives the same, whatever constructs are in it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"driver\":\"null-co\"}",
                "{\"driver\":\"null-co\",\"node-name\":\"n\",\"cache\":{\"direct\":true},\"read-only\":false,"
                        + "\"size\":-1,\"latency-ns\":18446744073709551615}",
                "{\"driver\":\"raw\",\"file\":\"other\"}",
                "{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"/x\",\"locking\":\"auto\"},"
                        + "\"backing\":null,\"overlap-check\":\"all\",\"encrypt\":{\"format\":\"aes\"}}",
                "{\"driver\":\"qcow2\",\"file\":\"f\",\"backing\":\"b\",\"overlap-check\":{\"template\":\"none\"}}",
            })
    void blockdevOptionsKeepTheirValue(String text) throws Exception {
        assertThat(blockdev(text).toJson()).hasToString(text);
    }

    @Test
    void unionGivesItsBranchAndTheBase() throws Exception {
        BlockdevOptions options = blockdev("{\"driver\":\"null-co\",\"node-name\":\"n\",\"size\":512}");
        assertThat(options.driver()).isEqualTo(BlockdevDriver.NULL_CO);
        assertThat(options.nodeName()).isEqualTo("n");
        assertThat(options.readOnly()).isNull();
        assertThat(options)
                .isEqualTo(new BlockdevOptions.NullCo(
                        BlockdevOptionsBase.builder()
                                .driver(BlockdevDriver.NULL_CO)
                                .nodeName("n")
                                .build(),
                        BlockdevOptionsNull.builder().size(512L).build()));
    }

    @Test
    void unionRefusesABaseOfAnotherBranch() {
        BlockdevOptionsBase raw =
                BlockdevOptionsBase.builder().driver(BlockdevDriver.RAW).build();
        BlockdevOptionsNull branch = BlockdevOptionsNull.builder().build();
        assertThatThrownBy(() -> new BlockdevOptions.NullCo(raw, branch)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void builderRefusesToLeaveOutARequiredMember() {
        BlockdevOptionsBase.Builder builder = BlockdevOptionsBase.builder().nodeName("n");
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("member 'driver' is not set");
    }

    @Test
    void alternateIsToldByTheJsonType() throws Exception {
        assertThat(((BlockdevOptions.Raw) blockdev("{\"driver\":\"raw\",\"file\":\"f\"}"))
                        .u()
                        .file())
                .isEqualTo(new BlockdevRef.Reference("f"));
        assertThat(((BlockdevOptions.Qcow2) blockdev("{\"driver\":\"qcow2\",\"file\":\"f\",\"backing\":null}"))
                        .u()
                        .backing())
                .isEqualTo(new BlockdevRefOrNull.Null(QNull.INSTANCE));
        assertThat(((BlockdevOptions.Raw) blockdev("{\"driver\":\"raw\",\"file\":{\"driver\":\"null-co\"}}"))
                        .u()
                        .file())
                .isInstanceOf(BlockdevRef.Definition.class);
    }

    @Test
    void listKeepsItsOrder() throws Exception {
        BlockExportOptions options = BlockExportOptions.visit(
                new JsonInputVisitor(json("{\"type\":\"fuse\",\"id\":\"e\",\"node-name\":\"n\",\"mountpoint\":\"m\","
                        + "\"iothread\":[\"b\",\"a\"]}")),
                null);
        assertThat(options.iothread()).isEqualTo(new BlockExportIothreads.Multi(List.of("b", "a")));
    }

    @Test
    void listIsNotSharedWithTheCaller() {
        List<String> features = new ArrayList<>(List.of("deprecated"));
        SchemaInfoBase base = SchemaInfoBase.builder()
                .name("n")
                .metaType(SchemaMetaType.COMMAND)
                .features(features)
                .build();
        features.clear();
        assertThat(base.features()).containsExactly("deprecated");
    }

    @Test
    void wireNamesAreFoundBothWays() {
        assertThat(QMPCapability.OOB.wireName()).isEqualTo("oob");
        assertThat(BlockdevDriver.fromWireName("null-co")).isEqualTo(BlockdevDriver.NULL_CO);
        assertThat(BlockdevDriver.fromWireName("null_co")).isNull();
    }

    @Test
    void negativeNumberIsTakenForUnsigned() throws Exception {
        JsonInputVisitor visitor = new JsonInputVisitor(json("{\"a\":-1,\"b\":18446744073709551615}"));
        visitor.startStruct(null);
        assertThat(visitor.uint64("a")).isEqualTo(-1);
        assertThat(visitor.size("b")).isEqualTo(-1);
        visitor.checkStruct();
        visitor.endStruct();
        assertThat(QapiJson.unsigned(-1).bigIntegerValue()).isEqualTo(new BigInteger("18446744073709551615"));
    }

    @Test
    void numberTakesAnyNumber() throws Exception {
        JsonInputVisitor visitor = new JsonInputVisitor(json("{\"a\":1,\"b\":1.5}"));
        visitor.startStruct(null);
        assertThat(visitor.number("a")).isEqualTo(1);
        assertThat(visitor.number("b")).isEqualTo(1.5);
        assertThat(new KeyvalInputVisitor(json("\"1e3\"")).number(null)).isEqualTo(1000);
    }

    @Test
    void valueOfAnyTypeIsHandedOn() throws Exception {
        SchemaInfo info = SchemaInfo.visit(
                new JsonInputVisitor(json("{\"name\":\"0\",\"meta-type\":\"object\",\"members\":"
                        + "[{\"name\":\"x\",\"type\":\"int\",\"default\":null}]}")),
                null);
        assertThat(((SchemaInfo.Object_) info).u().members().get(0).default_()).isEqualTo(QapiJson.nullNode());
    }

    @Test
    void eventCarriesItsData() {
        QapiEvent event = QapiEvents.blockExportDeleted("e");
        assertThat(event.name()).isEqualTo("BLOCK_EXPORT_DELETED");
        assertThat(event.data()).hasToString("{\"id\":\"e\"}");
    }
}
