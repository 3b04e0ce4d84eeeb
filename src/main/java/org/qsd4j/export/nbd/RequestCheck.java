package org.qsd4j.export.nbd;

import org.qsd4j.nbd.wire.Nbd;

/** What is wrong with a request, seen from its header alone. The only place where a client's numbers are believed. */
final class RequestCheck {
    private final NbdTarget target;
    private final boolean structured;
    private final boolean extended;

    /** Whether any meta context was granted. */
    private final boolean contexts;

    RequestCheck(NbdTarget target, boolean structured, boolean extended, boolean contexts) {
        this.target = target;
        this.structured = structured;
        this.extended = extended;
        this.contexts = contexts;
    }

    /** Sets the slot's error; afterwards, without one, offset and length are inside the export. */
    void check(RequestSlot slot) {
        slot.error = Nbd.NBD_SUCCESS;
        switch (slot.type) {
            case Nbd.NBD_CMD_READ, Nbd.NBD_CMD_CACHE -> checkLimit(slot);
            case Nbd.NBD_CMD_WRITE, Nbd.NBD_CMD_TRIM, Nbd.NBD_CMD_WRITE_ZEROES -> checkWritable(slot);
            case Nbd.NBD_CMD_BLOCK_STATUS -> checkContexts(slot);
            case Nbd.NBD_CMD_FLUSH -> {}
            default -> slot.fail(Nbd.NBD_EINVAL, "invalid request type (" + slot.type + ") received");
        }
        if (slot.error == Nbd.NBD_SUCCESS && slot.type != Nbd.NBD_CMD_FLUSH) {
            checkRange(slot);
        }
        if (slot.error == Nbd.NBD_SUCCESS && (slot.flags & ~validFlags(slot.type)) != 0) {
            slot.fail(
                    Nbd.NBD_EINVAL,
                    String.format(
                            "unsupported flags for command %s (got 0x%x)", Nbd.commandName(slot.type), slot.flags));
        }
        if (slot.error == Nbd.NBD_SUCCESS && slot.type != Nbd.NBD_CMD_READ && target.backend.isInactive()) {
            slot.fail(Nbd.NBD_EPERM, "export is inactive");
        }
    }

    private static void checkLimit(RequestSlot slot) {
        if (Long.compareUnsigned(slot.length, Nbd.NBD_MAX_BUFFER_SIZE) > 0) {
            slot.fail(Nbd.NBD_EINVAL, tooLong(slot.length));
        }
    }

    static String tooLong(long length) {
        return String.format(
                "len (%s) is larger than max len (%d)", Long.toUnsignedString(length), Nbd.NBD_MAX_BUFFER_SIZE);
    }

    private void checkWritable(RequestSlot slot) {
        if (!target.writable) {
            slot.fail(Nbd.NBD_EPERM, "Export is read-only");
        }
    }

    private void checkContexts(RequestSlot slot) {
        if (!contexts) {
            slot.fail(Nbd.NBD_EINVAL, "CMD_BLOCK_STATUS not negotiated");
        } else if (slot.length == 0) {
            slot.fail(Nbd.NBD_EINVAL, "need non-zero length");
        }
    }

    private void checkRange(RequestSlot slot) {
        boolean inside = Long.compareUnsigned(slot.offset, target.size) <= 0
                && Long.compareUnsigned(slot.length, target.size - slot.offset) <= 0;
        if (!inside) {
            boolean needsSpace = slot.isWrite() || slot.type == Nbd.NBD_CMD_WRITE_ZEROES;
            slot.fail(
                    needsSpace ? Nbd.NBD_ENOSPC : Nbd.NBD_EINVAL,
                    String.format(
                            "operation past EOF; From: %s, Len: %s, Size: %d",
                            Long.toUnsignedString(slot.offset), Long.toUnsignedString(slot.length), target.size));
        }
    }

    private int validFlags(int type) {
        int payload = extended ? Nbd.NBD_CMD_FLAG_PAYLOAD_LEN : 0;
        int valid = Nbd.NBD_CMD_FLAG_FUA;
        return switch (type) {
            case Nbd.NBD_CMD_READ -> structured ? valid | Nbd.NBD_CMD_FLAG_DF : valid;
            case Nbd.NBD_CMD_WRITE -> valid | payload;
            case Nbd.NBD_CMD_WRITE_ZEROES -> valid | Nbd.NBD_CMD_FLAG_NO_HOLE | Nbd.NBD_CMD_FLAG_FAST_ZERO;
            case Nbd.NBD_CMD_BLOCK_STATUS -> valid | Nbd.NBD_CMD_FLAG_REQ_ONE | payload;
            default -> valid;
        };
    }
}
