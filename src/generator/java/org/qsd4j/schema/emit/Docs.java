package org.qsd4j.schema.emit;

/** Javadoc that every generated type repeats. */
final class Docs {
    private Docs() {}

    static void visit(JavaWriter out) {
        Javadoc.of("Reads a value, and checks all of it.")
                .param("visitor", "where to read")
                .param("name", "the member's name in the object around it, or null at the top and in a list")
                .tag("@return the value")
                .tag("@throws org.qsd4j.qapi.QapiException if the input doesn't fit, with QEMU's message")
                .write(out);
    }

    static void toJson(JavaWriter out) {
        Javadoc.of("The value as JSON; absent members are left out.")
                .tag("@return a new object, the caller's own")
                .write(out);
    }
}
