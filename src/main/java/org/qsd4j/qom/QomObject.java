package org.qsd4j.qom;

import java.util.List;

/** Something with a place in the tree of objects. QEMU: Object. Main loop. */
public interface QomObject {
    /** The name of its type. */
    String qomType();

    /** Its properties but for {@code type}, in the order in which qom-list shows them. */
    List<QomProperty> properties();

    /** Called when a user wants to delete it, before it goes; throws QapiException if it has to stay. */
    default void checkDeletable() {}

    /** Called when it has gone from the tree. */
    default void removed() {}
}
