package org.qsd4j.qapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.qsd4j.qapi.gen.QmpDispatchTable;
import org.qsd4j.qapi.gen.QmpIntrospection;
import org.qsd4j.qapi.gen.SchemaInfo;

/** Our query-qmp-schema against that of qemu-storage-daemon 11.1.3. */
class IntrospectionTest {
    /** Members of types that we have, which are not implemented yet. */
    private static final List<String> NOT_IMPLEMENTED = List.of("blockdev-add arguments/qcow: lacks encrypt");

    /** Formats that are only read: their branches of blockdev-create are empty. */
    private static final Pattern NOT_CREATED =
            Pattern.compile("blockdev-create arguments.options/(parallels|qcow|qed|vdi|vhdx|vmdk|vpc): lacks .*");

    private static JsonNode ours() throws IOException {
        return new ObjectMapper().readTree(QmpIntrospection.json());
    }

    private static JsonNode real() throws IOException {
        try (InputStream in = IntrospectionTest.class.getResourceAsStream("/qapi/query-qmp-schema-11.1.3.json")) {
            return new ObjectMapper().readTree(in);
        }
    }

    @Test
    void whatWeHaveEqualsTheRealOne() throws IOException {
        IntrospectionComparison comparison = new IntrospectionComparison(ours(), real());
        comparison.run();
        System.out.println("Not in our schema: " + String.join("; ", comparison.missing()));
        List<String> differences = comparison.differences().stream()
                .filter(NOT_CREATED.asMatchPredicate().negate())
                .toList();
        assertThat(differences).containsExactlyElementsOf(NOT_IMPLEMENTED);
    }

    @Test
    void everyEntryFitsTheSchemaOfTheSchema() throws IOException {
        for (JsonNode entry : ours()) {
            assertThat(SchemaInfo.visit(new JsonInputVisitor(entry), null).toJson())
                    .isEqualTo(entry);
        }
    }

    @Test
    void everyTypeIsDescribedOnceAndUsed() throws IOException {
        Set<String> described = new HashSet<>();
        for (JsonNode entry : ours()) {
            assertThat(described.add(entry.get("name").asText())).isTrue();
        }
        Set<String> used = new HashSet<>(QmpDispatchTable.names());
        for (JsonNode entry : ours()) {
            for (String key : List.of("type", "arg-type", "ret-type", "element-type")) {
                entry.findValuesAsText(key).forEach(used::add);
            }
            if (entry.get("meta-type").asText().equals("event")) {
                used.add(entry.get("name").asText());
            }
        }
        assertThat(used).isEqualTo(described);
    }
}
