package org.qsd4j.chardev;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import java.io.FileNotFoundException;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/** The error number behind a failed Netty operation. Netty keeps it to itself, but for its message. */
final class SocketErrors {
    private static final Pattern NATIVE = Pattern.compile("failed with error\\(-?(\\d+)\\)");

    private SocketErrors() {}

    /** Waits for the operation: 0, or a positive error number. Not on the socket thread. */
    static int await(ChannelFuture operation) {
        operation.awaitUninterruptibly();
        return operation.isSuccess() ? 0 : errno(operation.cause());
    }

    /** Makes a channel with a new socket; throws QapiException if there is no descriptor for it. */
    static <C extends Channel> C create(Supplier<C> maker) {
        try {
            return maker.get();
        } catch (ChannelException e) {
            throw QapiException.fromErrno(errno(e), "Failed to create socket");
        }
    }

    static int errno(Throwable failure) {
        Matcher matcher = NATIVE.matcher(String.valueOf(failure.getMessage()));
        if (matcher.find()) {
            return Integer.parseInt(matcher.group(1));
        }
        return failure instanceof FileNotFoundException ? Errno.ENOENT : Errno.EIO;
    }
}
