package org.qsd4j.block;

import org.qsd4j.aio.MainThread;

/** Makes the edge from a node to a child that it is given while it is open. */
@FunctionalInterface
public interface ChildEdges {
    /**
     * The edge, with the permissions that its policy says.
     *
     * @param name what the node calls the child
     * @param role a mask of {@link ChildRole}
     * @throws org.qsd4j.qapi.QapiException if others conflict; there is no edge then
     */
    @MainThread
    BlockChild attach(String name, int role, PermissionPolicy policy);
}
