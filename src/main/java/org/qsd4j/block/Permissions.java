package org.qsd4j.block;

import org.qsd4j.aio.Immutable;

/**
 * What a parent wants of a node, and what it lets others have meanwhile; both masks of {@link Permission}.
 *
 * @param perm what the parent uses
 * @param shared what others may use
 */
@Immutable
public record Permissions(int perm, int shared) {
    public static final Permissions NONE = new Permissions(0, Permission.ALL);

    /** Two parents' wishes together. */
    Permissions and(Permissions other) {
        return new Permissions(perm | other.perm, shared & other.shared);
    }
}
