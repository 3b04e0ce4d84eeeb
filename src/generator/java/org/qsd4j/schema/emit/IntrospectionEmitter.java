package org.qsd4j.schema.emit;

import java.util.List;
import org.qsd4j.schema.model.Schema;

/** The class that holds the data of query-qmp-schema as text; nothing of it is parsed before the first query. */
final class IntrospectionEmitter {
    /** A string constant in a class file ends at 65535 bytes. */
    private static final int MAX_CHUNK = 30_000;

    private IntrospectionEmitter() {}

    static String emit(Schema schema) {
        JavaWriter out = new JavaWriter();
        Javadoc.of("The data of query-qmp-schema.").write(out);
        out.open("public final class QmpIntrospection {");
        out.line("private QmpIntrospection() {}");
        out.line("");
        Javadoc.of("The data as JSON text.")
                .tag("@return an array of {@code SchemaInfo}")
                .write(out);
        out.open("public static String json() {");
        out.line("StringBuilder json = new StringBuilder(\"[\");");
        out.line("append0(json);");
        out.line("return json.append(']').toString();");
        out.close();
        chunks(Introspection.entries(schema), out);
        out.close();
        return out.source();
    }

    private static void chunks(List<String> entries, JavaWriter out) {
        int chunk = 0;
        int index = 0;
        do {
            out.line("");
            out.open("private static void append%d(StringBuilder json) {", chunk++);
            out.open("json.append(\"\"");
            int length = 0;
            while (index < entries.size() && length < MAX_CHUNK) {
                String entry = (index == 0 ? "" : ", ") + entries.get(index++);
                length += entry.length();
                // Constants joined by '+' become one string in the class file.
                out.line("+ %s", TypeMapper.literal(entry));
            }
            out.close(");");
            if (index < entries.size()) {
                out.line("append%d(json);", chunk);
            }
            out.close();
        } while (index < entries.size());
    }
}
