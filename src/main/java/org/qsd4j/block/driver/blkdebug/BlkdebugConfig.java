package org.qsd4j.block.driver.blkdebug;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.KeyvalInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlkdebugInjectErrorOptions;
import org.qsd4j.qapi.gen.BlkdebugSetStateOptions;
import org.qsd4j.sys.Errno;

/** A file of rules: groups {@code [inject-error]} and {@code [set-state]} of lines {@code name = "value"}. */
final class BlkdebugConfig {
    private static final long MAX_BYTES = 1 << 20;
    private static final String INJECT_ERROR = "inject-error";
    private static final String SET_STATE = "set-state";
    private static final Pattern GROUP = Pattern.compile("\\[\\s*([^\\s\"\\]]+)\\s*(\"[^\"]*\")?\\s*]");
    private static final Pattern VALUE = Pattern.compile("(\\S+)\\s*=\\s*\"([^\"]*)\"");
    private static final Map<String, Set<String>> MEMBERS = Map.of(
            INJECT_ERROR, Set.of("event", "state", "iotype", "errno", "delay-ns", "sector", "once", "immediately"),
            SET_STATE, Set.of("event", "state", "new_state"));

    final List<InjectError> errors = new ArrayList<>();
    final List<BlkdebugSetStateOptions> transitions = new ArrayList<>();

    private final String path;
    private @Nullable String group;
    private ObjectNode members = JsonNodeFactory.instance.objectNode();

    private BlkdebugConfig(String path) {
        this.path = path;
    }

    static BlkdebugConfig read(String path) {
        BlkdebugConfig config = new BlkdebugConfig(path);
        List<String> lines = lines(path);
        for (int i = 0; i < lines.size(); i++) {
            config.line(i + 1, lines.get(i).strip());
        }
        config.endGroup();
        return config;
    }

    private static List<String> lines(String path) {
        try {
            Path file = Path.of(path);
            if (Files.size(file) > MAX_BYTES) {
                throw QapiException.fromErrno(Errno.EFBIG, "Could not read blkdebug config file");
            }
            return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw QapiException.fromErrno(Errno.ENOENT, "Could not open '%s'", path);
        } catch (IOException e) {
            throw QapiException.fromErrno(Errno.EACCES, "Could not open '%s'", path);
        }
    }

    private void line(int number, String line) {
        if (line.isEmpty() || line.startsWith("#")) {
            return;
        }
        Matcher start = GROUP.matcher(line);
        Matcher value = VALUE.matcher(line);
        if (start.matches()) {
            endGroup();
            beginGroup(start.group(1));
        } else if (group == null) {
            throw QapiException.generic("no group defined");
        } else if (value.matches()) {
            put(group, value.group(1), value.group(2));
        } else if (line.indexOf(' ') < 0) {
            throw QapiException.generic("Invalid parameter '%s'", line);
        } else {
            throw QapiException.generic("%s:%d: parse error", path, number);
        }
    }

    private void beginGroup(String name) {
        if (!MEMBERS.containsKey(name)) {
            throw QapiException.generic("There is no option group '%s'", name);
        }
        group = name;
        members = JsonNodeFactory.instance.objectNode();
    }

    private void put(String inGroup, String name, String value) {
        if (!MEMBERS.getOrDefault(inGroup, Set.of()).contains(name)) {
            throw QapiException.generic("Invalid parameter '%s'", name);
        }
        members.put(name, value);
    }

    private void endGroup() {
        if (group == null) {
            return;
        }
        if (!members.has("event")) {
            throw QapiException.generic("Missing event name for rule");
        }
        try {
            if (group.equals(INJECT_ERROR)) {
                errors.add(InjectError.of(BlkdebugInjectErrorOptions.visit(new KeyvalInputVisitor(members), null)));
            } else {
                if (!members.has("new_state")) {
                    members.put("new_state", "0");
                }
                transitions.add(BlkdebugSetStateOptions.visit(new KeyvalInputVisitor(members), null));
            }
        } catch (QapiException e) {
            String event = members.get("event").asText();
            boolean unknownEvent = String.valueOf(e.getMessage()).contains("'event'");
            throw unknownEvent ? QapiException.generic("invalid parameter value: %s", event) : e;
        }
    }
}
