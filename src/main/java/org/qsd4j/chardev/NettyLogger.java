package org.qsd4j.chardev;

import io.netty.util.internal.logging.AbstractInternalLogger;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;

/**
 * Where Netty's warnings and errors go: standard error, a line each. It keeps Netty from looking for logging libraries
 * and from starting the JDK's, which takes longer than all the rest of a start.
 */
final class NettyLogger extends AbstractInternalLogger {
    private static final long serialVersionUID = 1L;

    /** Makes these loggers Netty's. */
    static final class Factory extends InternalLoggerFactory {
        @Override
        protected InternalLogger newInstance(String name) {
            return new NettyLogger(name);
        }
    }

    private NettyLogger(String name) {
        super(name);
    }

    /** Fills each {} with the next argument; an exception left over goes to the end. */
    private void print(String format, Object... arguments) {
        StringBuilder line = new StringBuilder(name()).append(": ");
        int from = 0;
        int used = 0;
        for (int at = format.indexOf("{}"); at >= 0 && used < arguments.length; at = format.indexOf("{}", from)) {
            line.append(format, from, at).append(arguments[used++]);
            from = at + 2;
        }
        line.append(format, from, format.length());
        for (; used < arguments.length; used++) {
            line.append(": ").append(arguments[used]);
        }
        System.err.println(line);
    }

    @Override
    public boolean isTraceEnabled() {
        return false;
    }

    @Override
    public void trace(String message) {}

    @Override
    public void trace(String format, Object argument) {}

    @Override
    public void trace(String format, Object first, Object second) {}

    @Override
    public void trace(String format, Object... arguments) {}

    @Override
    public void trace(String message, Throwable cause) {}

    @Override
    public boolean isDebugEnabled() {
        return false;
    }

    @Override
    public void debug(String message) {}

    @Override
    public void debug(String format, Object argument) {}

    @Override
    public void debug(String format, Object first, Object second) {}

    @Override
    public void debug(String format, Object... arguments) {}

    @Override
    public void debug(String message, Throwable cause) {}

    @Override
    public boolean isInfoEnabled() {
        return false;
    }

    @Override
    public void info(String message) {}

    @Override
    public void info(String format, Object argument) {}

    @Override
    public void info(String format, Object first, Object second) {}

    @Override
    public void info(String format, Object... arguments) {}

    @Override
    public void info(String message, Throwable cause) {}

    @Override
    public boolean isWarnEnabled() {
        return true;
    }

    @Override
    public void warn(String message) {
        print(message);
    }

    @Override
    public void warn(String format, Object argument) {
        print(format, argument);
    }

    @Override
    public void warn(String format, Object first, Object second) {
        print(format, first, second);
    }

    @Override
    public void warn(String format, Object... arguments) {
        print(format, arguments);
    }

    @Override
    public void warn(String message, Throwable cause) {
        print(message, cause);
    }

    @Override
    public boolean isErrorEnabled() {
        return true;
    }

    @Override
    public void error(String message) {
        print(message);
    }

    @Override
    public void error(String format, Object argument) {
        print(format, argument);
    }

    @Override
    public void error(String format, Object first, Object second) {
        print(format, first, second);
    }

    @Override
    public void error(String format, Object... arguments) {
        print(format, arguments);
    }

    @Override
    public void error(String message, Throwable cause) {
        print(message, cause);
    }
}
