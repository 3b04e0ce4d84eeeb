package org.qsd4j.nbd.wire;

/**
 * Numbers of the NBD protocol, by the names and in the order of its document (github.com/NetworkBlockDevice/nbd,
 * doc/proto.md). Everything on the wire is big endian.
 */
public final class Nbd {
    /** "NBDMAGIC", the server's first word. */
    public static final long INIT_PASSWD = 0x4e42444d41474943L;

    /** "IHAVEOPT": second word of the server's greeting, first of every option. */
    public static final long OPTS_MAGIC = 0x49484156454f5054L;

    public static final long REP_MAGIC = 0x0003e889045565a9L;

    /** The second word of the greeting of old servers that speak no options. */
    public static final long CLIENT_MAGIC = 0x0000420281861253L;

    public static final int NBD_REQUEST_MAGIC = 0x25609513;
    public static final int NBD_EXTENDED_REQUEST_MAGIC = 0x21e41c71;
    public static final int NBD_SIMPLE_REPLY_MAGIC = 0x67446698;
    public static final int NBD_STRUCTURED_REPLY_MAGIC = 0x668e33ef;
    public static final int NBD_EXTENDED_REPLY_MAGIC = 0x6e8a278c;

    // Handshake flags, the server's and the client's.
    public static final int NBD_FLAG_FIXED_NEWSTYLE = 1;
    public static final int NBD_FLAG_NO_ZEROES = 1 << 1;

    // Transmission flags.
    public static final int NBD_FLAG_HAS_FLAGS = 1;
    public static final int NBD_FLAG_READ_ONLY = 1 << 1;
    public static final int NBD_FLAG_SEND_FLUSH = 1 << 2;
    public static final int NBD_FLAG_SEND_FUA = 1 << 3;
    public static final int NBD_FLAG_ROTATIONAL = 1 << 4;
    public static final int NBD_FLAG_SEND_TRIM = 1 << 5;
    public static final int NBD_FLAG_SEND_WRITE_ZEROES = 1 << 6;
    public static final int NBD_FLAG_SEND_DF = 1 << 7;
    public static final int NBD_FLAG_CAN_MULTI_CONN = 1 << 8;
    public static final int NBD_FLAG_SEND_RESIZE = 1 << 9;
    public static final int NBD_FLAG_SEND_CACHE = 1 << 10;
    public static final int NBD_FLAG_SEND_FAST_ZERO = 1 << 11;
    public static final int NBD_FLAG_BLOCK_STAT_PAYLOAD = 1 << 12;

    // Options.
    public static final int NBD_OPT_EXPORT_NAME = 1;
    public static final int NBD_OPT_ABORT = 2;
    public static final int NBD_OPT_LIST = 3;
    public static final int NBD_OPT_STARTTLS = 5;
    public static final int NBD_OPT_INFO = 6;
    public static final int NBD_OPT_GO = 7;
    public static final int NBD_OPT_STRUCTURED_REPLY = 8;
    public static final int NBD_OPT_LIST_META_CONTEXT = 9;
    public static final int NBD_OPT_SET_META_CONTEXT = 10;
    public static final int NBD_OPT_EXTENDED_HEADERS = 11;

    // Replies to options; those with bit 31 are errors.
    public static final int NBD_REP_ACK = 1;
    public static final int NBD_REP_SERVER = 2;
    public static final int NBD_REP_INFO = 3;
    public static final int NBD_REP_META_CONTEXT = 4;
    public static final int NBD_REP_ERR_UNSUP = 0x8000_0001;
    public static final int NBD_REP_ERR_POLICY = 0x8000_0002;
    public static final int NBD_REP_ERR_INVALID = 0x8000_0003;
    public static final int NBD_REP_ERR_PLATFORM = 0x8000_0004;
    public static final int NBD_REP_ERR_TLS_REQD = 0x8000_0005;
    public static final int NBD_REP_ERR_UNKNOWN = 0x8000_0006;
    public static final int NBD_REP_ERR_SHUTDOWN = 0x8000_0007;
    public static final int NBD_REP_ERR_BLOCK_SIZE_REQD = 0x8000_0008;
    public static final int NBD_REP_ERR_TOO_BIG = 0x8000_0009;
    public static final int NBD_REP_ERR_EXT_HEADER_REQD = 0x8000_000a;

    // Information of NBD_REP_INFO.
    public static final int NBD_INFO_EXPORT = 0;
    public static final int NBD_INFO_NAME = 1;
    public static final int NBD_INFO_DESCRIPTION = 2;
    public static final int NBD_INFO_BLOCK_SIZE = 3;

    // Commands.
    public static final int NBD_CMD_READ = 0;
    public static final int NBD_CMD_WRITE = 1;
    public static final int NBD_CMD_DISC = 2;
    public static final int NBD_CMD_FLUSH = 3;
    public static final int NBD_CMD_TRIM = 4;
    public static final int NBD_CMD_CACHE = 5;
    public static final int NBD_CMD_WRITE_ZEROES = 6;
    public static final int NBD_CMD_BLOCK_STATUS = 7;

    // Flags of commands.
    public static final int NBD_CMD_FLAG_FUA = 1;
    public static final int NBD_CMD_FLAG_NO_HOLE = 1 << 1;
    public static final int NBD_CMD_FLAG_DF = 1 << 2;
    public static final int NBD_CMD_FLAG_REQ_ONE = 1 << 3;
    public static final int NBD_CMD_FLAG_FAST_ZERO = 1 << 4;
    public static final int NBD_CMD_FLAG_PAYLOAD_LEN = 1 << 5;

    // Structured and extended replies.
    public static final int NBD_REPLY_FLAG_DONE = 1;
    public static final int NBD_REPLY_TYPE_NONE = 0;
    public static final int NBD_REPLY_TYPE_OFFSET_DATA = 1;
    public static final int NBD_REPLY_TYPE_OFFSET_HOLE = 2;
    public static final int NBD_REPLY_TYPE_BLOCK_STATUS = 5;
    public static final int NBD_REPLY_TYPE_BLOCK_STATUS_EXT = 6;
    public static final int NBD_REPLY_TYPE_ERROR = 0x8001;
    public static final int NBD_REPLY_TYPE_ERROR_OFFSET = 0x8002;

    // Status flags of base:allocation.
    public static final int NBD_STATE_HOLE = 1;
    public static final int NBD_STATE_ZERO = 1 << 1;

    /** Of qemu:dirty-bitmap contexts. */
    public static final int NBD_STATE_DIRTY = 1;

    // Errors on the wire.
    public static final int NBD_SUCCESS = 0;
    public static final int NBD_EPERM = 1;
    public static final int NBD_EIO = 5;
    public static final int NBD_ENOMEM = 12;
    public static final int NBD_EINVAL = 22;
    public static final int NBD_ENOSPC = 28;
    public static final int NBD_EOVERFLOW = 75;
    public static final int NBD_ENOTSUP = 95;
    public static final int NBD_ESHUTDOWN = 108;

    /** Names, queries and messages, in bytes. */
    public static final int NBD_MAX_STRING_SIZE = 4096;

    /** Payloads and option data, in bytes; the document's default for clients that ask nothing. */
    public static final int NBD_MAX_BUFFER_SIZE = 32 << 20;

    private Nbd() {}

    /** The option's name in error texts. */
    public static String optionName(int option) {
        return switch (option) {
            case NBD_OPT_EXPORT_NAME -> "export name";
            case NBD_OPT_ABORT -> "abort";
            case NBD_OPT_LIST -> "list";
            case NBD_OPT_STARTTLS -> "starttls";
            case NBD_OPT_INFO -> "info";
            case NBD_OPT_GO -> "go";
            case NBD_OPT_STRUCTURED_REPLY -> "structured reply";
            case NBD_OPT_LIST_META_CONTEXT -> "list meta context";
            case NBD_OPT_SET_META_CONTEXT -> "set meta context";
            case NBD_OPT_EXTENDED_HEADERS -> "extended headers";
            default -> "<unknown>";
        };
    }

    /** The command's name in error texts. */
    public static String commandName(int type) {
        return switch (type) {
            case NBD_CMD_READ -> "read";
            case NBD_CMD_WRITE -> "write";
            case NBD_CMD_DISC -> "disconnect";
            case NBD_CMD_FLUSH -> "flush";
            case NBD_CMD_TRIM -> "trim";
            case NBD_CMD_CACHE -> "cache";
            case NBD_CMD_WRITE_ZEROES -> "write zeroes";
            case NBD_CMD_BLOCK_STATUS -> "block status";
            default -> "<unknown>";
        };
    }
}
