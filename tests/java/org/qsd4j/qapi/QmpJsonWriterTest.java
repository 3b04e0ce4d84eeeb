package org.qsd4j.qapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The expected texts were recorded from qemu-storage-daemon 11.1.3. */
class QmpJsonWriterTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static String write(String json, boolean pretty) throws Exception {
        return new String(QmpJsonWriter.toBytes(MAPPER.readTree(json), pretty), StandardCharsets.US_ASCII);
    }

    @Test
    void membersComeInTheOrderOfQemusHashTable() throws Exception {
        assertThat(write(
                        "{'a':1,'b':2,'c':3,'aa':4,'driver':5,'id':6,'file':7,'node-name':8,'x':9,'size':10,'path':1,"
                                        .replace('\'', '"')
                                + "\"name\":2,\"type\":3,\"data\":4,\"key\":5}",
                        false))
                .isEqualTo("{\"name\": 2, \"key\": 5, \"aa\": 4, \"x\": 9, \"node-name\": 8, \"a\": 1, \"driver\": 5, "
                        + "\"path\": 1, \"size\": 10, \"b\": 2, \"type\": 3, \"c\": 3, \"file\": 7, \"id\": 6, "
                        + "\"data\": 4}");
    }

    @Test
    void nodeComesAsTheRealDaemonWritesIt() throws Exception {
        String real = "{\"iops_rd\": 0, \"detect_zeroes\": \"off\", \"active\": true, \"image\": {\"limits\": "
                + "{\"request-alignment\": 1, \"min-mem-alignment\": 512, \"opt-mem-alignment\": 4096, "
                + "\"max-iov\": 1024}, \"virtual-size\": 1048576, \"filename\": \"json:{\\\"driver\\\": "
                + "\\\"null-co\\\", \\\"size\\\": 1048576}\", \"format\": \"null-co\", \"actual-size\": 0}, "
                + "\"iops_wr\": 0, \"ro\": false, \"children\": [], \"node-name\": \"n0\", "
                + "\"backing_file_depth\": 0, \"drv\": \"null-co\", \"iops\": 0, \"bps_wr\": 0, "
                + "\"write_threshold\": 0, \"encrypted\": false, \"bps\": 0, \"bps_rd\": 0, \"cache\": "
                + "{\"no-flush\": false, \"direct\": false, \"writeback\": true}, \"file\": \"json:{\\\"driver\\\": "
                + "\\\"null-co\\\", \\\"size\\\": 1048576}\"}";
        assertThat(write(real, false)).isEqualTo(real);
        assertThat(write(shuffled(real), false)).isEqualTo(real);
    }

    /** No two of these members share a bucket, so the order of insertion must not matter. */
    private static String shuffled(String json) throws Exception {
        JsonNode node = MAPPER.readTree(json);
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        Collections.shuffle(names, new Random(1));
        var result = MAPPER.createObjectNode();
        names.forEach(name -> result.set(name, node.get(name)));
        return result.toString();
    }

    @Test
    void newerMemberComesFirstInOneBucket() {
        String first = "k0";
        String second = collisionWith(first);
        var node = MAPPER.createObjectNode();
        node.put(first, 1).put(second, 2);
        assertThat(new String(QmpJsonWriter.toBytes(node, false), StandardCharsets.US_ASCII))
                .isEqualTo("{\"" + second + "\": 2, \"" + first + "\": 1}");
    }

    private static String collisionWith(String key) {
        for (int i = 1; ; i++) {
            if (QDictOrder.bucket("k" + i) == QDictOrder.bucket(key)) {
                return "k" + i;
            }
        }
    }

    @Test
    void numbersComeAsCWritesThem() throws Exception {
        assertThat(write(
                        "[1.0,1.5,-0.0,1e22,1e16,123456789012345678,18446744073709551615,18446744073709551616,"
                                + "-9223372036854775808,1e-5,0.0001,0.1,[],{}]",
                        false))
                .isEqualTo("[1, 1.5, -0, 1e+22, 10000000000000000, 123456789012345678, 18446744073709551615, "
                        + "1.8446744073709552e+19, -9223372036854775808, 1.0000000000000001e-05, 0.0001, "
                        + "0.10000000000000001, [], {}]");
    }

    @Test
    void stringsAreAscii() throws Exception {
        assertThat(write("[\"\u00e9\\u0001\u007f/\ud83d\ude00\\n\\u0000\\\"\\\\\"]", false))
                .isEqualTo("[\"\\u00E9\\u0001\\u007F/\\uD83D\\uDE00\\n\\u0000\\\"\\\\\"]");
    }

    @Test
    void prettyTakesALineAMember() throws Exception {
        assertThat(write("{\"id\":{\"e\":[],\"f\":{},\"g\":[1,[2]]}}", true)).isEqualTo("""
                        {
                            "id": {
                                "e": [
                                ],
                                "f": {
                                },
                                "g": [
                                    1,
                                    [
                                        2
                                    ]
                                ]
                            }
                        }""");
    }
}
