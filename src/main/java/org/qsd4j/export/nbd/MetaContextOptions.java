package org.qsd4j.export.nbd;

import java.nio.charset.StandardCharsets;
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
        granted.target = asked.target;
        granted.baseAllocation = asked.baseAllocation;
        granted.allocationDepth = asked.allocationDepth;
        reply(granted, false);
    }

    private void query(MetaContexts found, boolean list) throws Disconnect, OptionError {
        NbdTarget target = exports.findOrFail(stream.readName());
        found.target = target;
        int queries = stream.readInt();
        if (queries == 0 && list) {
            found.baseAllocation = true;
            found.allocationDepth = target.allocationDepth;
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
            found.baseAllocation = true;
        }
        boolean qemuWildcard = list && query.equals(QEMU);
        if (target.allocationDepth && (qemuWildcard || query.equals(MetaContexts.QEMU_ALLOCATION_DEPTH))) {
            found.allocationDepth = true;
        }
    }

    private void reply(MetaContexts contexts, boolean list) throws Disconnect {
        if (contexts.baseAllocation) {
            reply(list ? 0 : MetaContexts.BASE_ALLOCATION_ID, MetaContexts.BASE_ALLOCATION);
        }
        if (contexts.allocationDepth) {
            reply(list ? 0 : MetaContexts.ALLOCATION_DEPTH_ID, MetaContexts.QEMU_ALLOCATION_DEPTH);
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
