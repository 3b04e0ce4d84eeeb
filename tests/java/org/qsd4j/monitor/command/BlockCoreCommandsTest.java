package org.qsd4j.monitor.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.TestGraph;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QmpJsonWriter;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.testing.RealDaemon;

/** The same commands to the real daemon and to us; the replies must not differ. */
class BlockCoreCommandsTest {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonReadFeature.ALLOW_SINGLE_QUOTES).build();
    private static final Pattern IMPLICIT_NAME = Pattern.compile("#block[0-9]+");

    @TempDir
    Path dir;

    @Test
    void graphsOfRawFileAndNull() throws Exception {
        compare(
                "blockdev-add {'driver':'file','node-name':'f','filename':'IMG'}",
                "blockdev-add {'driver':'raw','node-name':'r','file':'f'}",
                "blockdev-add {'driver':'raw','node-name':'window','file':'f','offset':512,'size':4096}",
                "blockdev-add {'driver':'raw','node-name':'nested','file':{'driver':'raw','file':{'driver':'file',"
                        + "'filename':'ODD','node-name':'inner'}}}",
                "blockdev-add {'driver':'raw','node-name':'implicit','file':{'driver':'file','filename':'ODD'}}",
                "blockdev-add {'driver':'null-co','node-name':'n0'}",
                "blockdev-add {'driver':'null-co','node-name':'n1','size':1000}",
                "blockdev-add {'driver':'null-co','node-name':'n2','read-zeroes':true,'latency-ns':5}",
                "blockdev-add {'driver':'null-co','node-name':'n3','read-zeroes':false,'size':0}",
                "blockdev-add {'driver':'raw','node-name':'rn','file':'n0'}",
                "blockdev-add {'driver':'raw','node-name':'rn2','file':'n2','offset':0}",
                "query-named-block-nodes {}",
                "query-named-block-nodes {'flat':true}",
                "query-block {}");
    }

    @Test
    void optionsOfEveryNode() throws Exception {
        compare(
                "blockdev-add {'driver':'file','node-name':'f','filename':'IMG','read-only':true,'force-share':true}",
                "blockdev-add {'driver':'raw','node-name':'direct','file':{'driver':'file','filename':'IMG'},"
                        + "'cache':{'direct':true,'no-flush':true}}",
                "blockdev-add {'driver':'raw','node-name':'directfile','file':{'driver':'file','filename':'IMG',"
                        + "'cache':{'direct':true}},'read-only':true}",
                "blockdev-add {'driver':'raw','node-name':'over','file':{'driver':'file','filename':'IMG',"
                        + "'read-only':false,'cache':{'direct':false}},'read-only':true,'cache':{'direct':true}}",
                "blockdev-add {'driver':'raw','node-name':'auto','file':{'driver':'file','filename':'IMG'},"
                        + "'auto-read-only':true,'detect-zeroes':'on'}",
                "blockdev-add {'driver':'null-co','node-name':'z','discard':'unmap','detect-zeroes':'unmap'}",
                "blockdev-add {'driver':'raw','node-name':'ro','file':{'driver':'null-co'},'read-only':true}",
                "blockdev-add {'driver':'raw','node-name':'shared','file':{'driver':'file','filename':'IMG'},"
                        + "'force-share':true,'read-only':true}",
                "blockdev-add {'driver':'raw','node-name':'inactive','file':{'driver':'file','filename':'IMG'},"
                        + "'active':false}",
                "query-named-block-nodes {}");
    }

    @Test
    void refusals() throws Exception {
        compare(
                "blockdev-add {'driver':'file','node-name':'f','filename':'IMG'}",
                "blockdev-add {'driver':'raw','node-name':'f','file':'f'}",
                "blockdev-add {'driver':'raw','node-name':'r','file':'x'}",
                "blockdev-add {'driver':'raw','node-name':'r','file':'r'}",
                "blockdev-add {'driver':'raw','node-name':'r','file':''}",
                "blockdev-add {'driver':'raw','node-name':'r','file':'f','offset':8193}",
                "blockdev-add {'driver':'raw','node-name':'r','file':'f','size':16384}",
                "blockdev-add {'driver':'raw','node-name':'r','file':'f','size':511}",
                "blockdev-add {'driver':'raw','node-name':'r','file':'f','offset':5,'size':9223372036854775807}",
                "blockdev-add {'driver':'raw','node-name':'r','file':'f','offset':-1}",
                "blockdev-add {'driver':'raw','file':'f'}",
                "blockdev-add {'driver':'null-co','node-name':'a','latency-ns':-1}",
                "blockdev-add {'driver':'null-co','node-name':'a','size':9223372036854775807}",
                "blockdev-add {'driver':'null-co','node-name':'a b'}",
                "blockdev-add {'driver':'null-co','node-name':'ä'}",
                "blockdev-add {'driver':'null-co','node-name':'a','force-share':true}",
                "blockdev-add {'driver':'null-co','node-name':'a','detect-zeroes':'unmap'}",
                "blockdev-add {'driver':'null-co','node-name':'a','cache':{}}",
                "blockdev-add {'driver':'raw','node-name':'a','file':'f','cache':{}}",
                "blockdev-add {'driver':'file','node-name':'a','filename':'absent','cache':{}}",
                "blockdev-add {'driver':'file','node-name':'a','filename':''}",
                "blockdev-add {'driver':'file','node-name':'a','filename':'file:IMG'}",
                "blockdev-add {'driver':'file','node-name':'a','filename':'/'}",
                "blockdev-add {'driver':'file','node-name':'a','filename':'/dev/zero'}",
                "blockdev-add {'driver':'file','node-name':'a','filename':'IMG/x'}",
                "blockdev-add {'driver':'file','node-name':'a','filename':'IMG','aio':'native'}",
                "blockdev-add {'driver':'file','node-name':'a','filename':'/proc/version','cache':{'direct':true},"
                        + "'read-only':true}",
                "blockdev-add {'driver':'raw','node-name':'r','file':{'driver':'file','node-name':'inner',"
                        + "'filename':'IMG'}}",
                "blockdev-add {'driver':'raw','node-name':'r2','file':'f'}",
                "blockdev-del {'node-name':'inner'}",
                "blockdev-del {'node-name':'f'}",
                "blockdev-del {'node-name':'zz'}",
                "blockdev-del {'node-name':'r'}",
                "blockdev-del {'node-name':'r'}",
                "blockdev-del {'node-name':'r2'}",
                "blockdev-del {'node-name':'f'}",
                "query-named-block-nodes {}");
    }

    @Test
    void resizing() throws Exception {
        compare(
                "blockdev-add {'driver':'file','node-name':'f','filename':'IMG'}",
                "blockdev-add {'driver':'raw','node-name':'r','file':'f'}",
                "blockdev-add {'driver':'raw','node-name':'behind','file':{'driver':'file','filename':'ODD'},"
                        + "'offset':100}",
                "blockdev-add {'driver':'null-co','node-name':'n'}",
                "blockdev-add {'driver':'raw','node-name':'ro','file':{'driver':'file','filename':'ODD'},"
                        + "'read-only':true}",
                "block_resize {'node-name':'r','size':2000}",
                "query-named-block-nodes {}",
                "block_resize {'node-name':'behind','size':5000}",
                "block_resize {'node-name':'n','size':5000}",
                "block_resize {'node-name':'ro','size':5000}",
                "block_resize {'node-name':'r','size':-1}",
                "block_resize {'node-name':'r','size':9223372036854775807}",
                "block_resize {'node-name':'behind','size':9223372035781033984}",
                "block_resize {'device':'r','size':1}",
                "block_resize {'device':'x','node-name':'r','size':512}",
                "block_resize {'device':'x','node-name':'y','size':512}",
                "block_resize {'size':512}",
                "blockdev-add {'driver':'raw','node-name':'fixed','file':'f','size':512}",
                "block_resize {'node-name':'fixed','size':1024}",
                "block_resize {'node-name':'r','size':1024}",
                "query-named-block-nodes {'flat':true}");
    }

    private void compare(String... commands) throws Exception {
        List<String> real;
        makeImages();
        try (RealDaemon daemon = new RealDaemon()) {
            real = run(commands, daemon::execute);
        }
        makeImages();
        try (TestGraph test = new TestGraph()) {
            BlockCoreCommandsHandler handler = new BlockCoreCommandsHandler(test.graph);
            List<String> ours = run(commands, (command, arguments) -> execute(handler, command, arguments));
            for (int i = 0; i < commands.length; i++) {
                assertThat(ours.get(i)).as(commands[i]).isEqualTo(real.get(i));
            }
        }
    }

    private void makeImages() throws Exception {
        Files.write(dir.resolve("img"), new byte[8192]);
        Files.write(dir.resolve("odd"), new byte[1000]);
    }

    private interface Executor {
        JsonNode execute(String command, @Nullable JsonNode arguments) throws Exception;
    }

    private List<String> run(String[] commands, Executor executor) throws Exception {
        List<String> replies = new ArrayList<>();
        for (String command : commands) {
            String[] parts = command.split(" ", 2);
            String arguments = parts[1].replace("IMG", dir.resolve("img").toString())
                    .replace("ODD", dir.resolve("odd").toString());
            replies.add(masked(executor.execute(parts[0], JSON.readTree(arguments))));
        }
        return replies;
    }

    /** Implicit names are random: they are numbered in the order of their appearance. */
    private static String masked(JsonNode reply) {
        String text = new String(QmpJsonWriter.toBytes(reply, true), StandardCharsets.UTF_8);
        Matcher matcher = IMPLICIT_NAME.matcher(text);
        List<String> seen = new ArrayList<>();
        return matcher.replaceAll(found -> {
            if (!seen.contains(found.group())) {
                seen.add(found.group());
            }
            return "#block" + seen.indexOf(found.group());
        });
    }

    private static JsonNode execute(
            BlockCoreCommandsHandler handler, String command, @Nullable JsonNode argumentsOrNull) {
        JsonNode arguments = argumentsOrNull == null ? JSON.createObjectNode() : argumentsOrNull;
        ObjectNode reply = JSON.createObjectNode();
        try {
            reply.set("return", result(handler, command, arguments));
        } catch (QapiException e) {
            reply.putObject("error").put("class", e.errorClass().wireName()).put("desc", e.desc());
        }
        return reply;
    }

    private static JsonNode result(BlockCoreCommandsHandler handler, String command, JsonNode arguments) {
        ArrayNode list = JSON.createArrayNode();
        switch (command) {
            case "blockdev-add" -> handler.blockdevAdd(BlockdevOptions.visit(new JsonInputVisitor(arguments), null));
            case "blockdev-del" ->
                handler.blockdevDel(arguments.get("node-name").textValue());
            case "block_resize" ->
                handler.blockResize(
                        text(arguments, "device"),
                        text(arguments, "node-name"),
                        arguments.get("size").longValue());
            case "query-block" -> {
                handler.queryBlock(null).forEach(info -> list.add(info.toJson()));
                return list;
            }
            case "query-named-block-nodes" -> {
                handler.queryNamedBlockNodes(arguments.path("flat").asBoolean())
                        .forEach(info -> list.add(info.toJson()));
                return list;
            }
            default -> throw new AssertionError(command);
        }
        return JSON.createObjectNode();
    }

    private static @Nullable String text(JsonNode arguments, String name) {
        JsonNode value = arguments.get(name);
        return value == null ? null : value.textValue();
    }
}
