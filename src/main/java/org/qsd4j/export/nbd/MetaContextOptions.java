package org.qsd4j.export.nbd;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.qsd4j.nbd.wire.Nbd;

/** NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT: which contexts an export has, and which the client gets. */
final class MetaContextOptions {
    private static final String BASE = "base:";
    private static final String QEMU = "qemu:";

    private final OptionStream stream;
    private final ExportDirectory exports;

    /** What the last successful SET has granted. */
    final MetaContexts granted = new MetaContexts();

    MetaContextOptions(OptionStream stream, ExportDirectory exports) {
        this.stream = stream;
        this.exports = exports;
    }

    void list() throws Disconnect, OptionError {
        MetaContexts found = new MetaContexts();
        query(found, true);
        reply(found, true);
    }

    /** Earlier grants are void from the moment the client asks, even if this attempt fails. */
    void set(boolean structuredReplies) throws Disconnect, OptionError {
        granted.clear();
        if (!structuredReplies) {
            throw new OptionError(
                    Nbd.NBD_REP_ERR_INVALID,
                    "request option '%s' when structured reply is not negotiated",
                    Nbd.optionName(Nbd.NBD_OPT_SET_META_CONTEXT));
        }
        MetaContexts asked = new MetaContexts();
        query(asked, false);
        granted.copy(asked);
        reply(granted, false);
    }

    private void query(MetaContexts found, boolean list) throws Disconnect, OptionError {
        NbdTarget target = exports.findOrFail(stream.readName());
        found.target = target;
        int queries = stream.readInt();
        if (queries == 0 && list) {
            match(BASE, target, found, true);
            match(QEMU, target, found, true);
        }
        // The count is not trusted: each query takes four bytes of an option that is bounded.
        for (int i = 0; Integer.compareUnsigned(i, queries) < 0; i++) {
            int length = stream.readInt();
            if (Integer.compareUnsigned(length, Nbd.NBD_MAX_STRING_SIZE) > 0) {
                stream.skip(length);
            } else {
                match(stream.readString(length), target, found, list);
            }
        }
        stream.expectEnd();
    }

    private static void match(String query, NbdTarget target, MetaContexts found, boolean list) {
        boolean baseWildcard = list && query.equals(BASE);
        if (baseWildcard || query.equals(MetaContexts.BASE_ALLOCATION)) {
            found.grant(MetaContexts.BASE_ALLOCATION_ID);
        }
        boolean qemuWildcard = list && query.equals(QEMU);
        if (target.allocationDepth && (qemuWildcard || query.equals(MetaContexts.QEMU_ALLOCATION_DEPTH))) {
            found.grant(MetaContexts.ALLOCATION_DEPTH_ID);
        }
        if (qemuWildcard || query.startsWith(MetaContexts.QEMU_DIRTY_BITMAP)) {
            boolean all = qemuWildcard || (list && query.equals(MetaContexts.QEMU_DIRTY_BITMAP));
            matchBitmaps(all ? null : query.substring(MetaContexts.QEMU_DIRTY_BITMAP.length()), target, found);
        }
    }

    /** @param name null for all; the first of that name otherwise */
    private static void matchBitmaps(@Nullable String name, NbdTarget target, MetaContexts found) {
        for (int i = 0; i < target.bitmaps.size(); i++) {
            if (name == null || target.bitmaps.get(i).name().equals(name)) {
                found.grant(MetaContexts.FIRST_BITMAP_ID + i);
                if (name != null) {
                    return;
                }
            }
        }
    }

    private void reply(MetaContexts contexts, boolean list) throws Disconnect {
        NbdTarget target = contexts.target;
        for (int id = 0; target != null && id < Long.SIZE; id++) {
            if (contexts.contains(id)) {
                reply(list ? 0 : id, MetaContexts.name(id, target));
            }
        }
        stream.ack();
    }

    private void reply(int id, String name) throws Disconnect {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        stream.beginReply(Nbd.NBD_REP_META_CONTEXT, 4 + bytes.length);
        stream.putInt(id);
        stream.putBytes(bytes, bytes.length);
    }
}
