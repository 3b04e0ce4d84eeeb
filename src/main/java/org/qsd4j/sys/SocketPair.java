package org.qsd4j.sys;

/** Two connected Unix stream sockets, close-on-exec; whoever opens them closes both. */
public record SocketPair(int first, int second) {
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final NativeFunction SOCKETPAIR = NativeFunction.of("socketpair", 4);

    public static SocketPair open() throws SysException {
        NativeBuffer pair = NativeBuffer.allocate(2 * Integer.BYTES);
        SysException.check(
                SOCKETPAIR.callInt(Sockets.AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.address()), "socketpair");
        return new SocketPair(pair.getInt(0), pair.getInt(Integer.BYTES));
    }
}
