package org.qsd4j.sys;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;
import java.util.Arrays;

/**
 * One native function, most often of the C library, whose arguments and result are all of register size. A call allocates nothing and costs
 * about 50 ns beyond the function itself. The result follows the kernel's convention: a negative one is {@code -errno}.
 *
 * <p>It stands on jffi's {@link Invoker}, which generates no code at run time; jnr-ffi's loader above it would cost 240
 * ms at start. Any thread.
 */
final class NativeFunction {
    private static final Invoker INVOKER = Invoker.getInstance();
    private static final LastError LAST_ERROR = LastError.getInstance();
    private static final CallContext[] CONTEXTS = new CallContext[7];

    private final CallContext context;
    private final long address;

    private NativeFunction(CallContext context, long address) {
        this.context = context;
        this.address = address;
    }

    /** Looks the symbol up in the process; the C library is always there. */
    static NativeFunction of(String symbol, int parameters) {
        long address = Library.getDefault().getSymbolAddress(symbol);
        if (address == 0) {
            throw new UnsatisfiedLinkError("no symbol " + symbol + " in the C library");
        }
        return new NativeFunction(context(parameters), address);
    }

    /** Looks the symbol up in a library that may be older or newer than we think; throws UnsatisfiedLinkError. */
    static NativeFunction of(Library library, String symbol, int parameters) {
        long address = library.getSymbolAddress(symbol);
        if (address == 0) {
            throw new UnsatisfiedLinkError("no symbol " + symbol);
        }
        return new NativeFunction(context(parameters), address);
    }

    private static synchronized CallContext context(int parameters) {
        CallContext context = CONTEXTS[parameters];
        if (context == null) {
            Type[] types = new Type[parameters];
            Arrays.fill(types, Type.SINT64);
            context = new CallContext(Type.SINT64, types);
            CONTEXTS[parameters] = context;
        }
        return context;
    }

    long call() {
        return result(INVOKER.invokeN0(context, address));
    }

    long call(long a) {
        return result(INVOKER.invokeN1(context, address, a));
    }

    long call(long a, long b) {
        return result(INVOKER.invokeN2(context, address, a, b));
    }

    long call(long a, long b, long c) {
        return result(INVOKER.invokeN3(context, address, a, b, c));
    }

    long call(long a, long b, long c, long d) {
        return result(INVOKER.invokeN4(context, address, a, b, c, d));
    }

    long call(long a, long b, long c, long d, long e) {
        return result(INVOKER.invokeN5(context, address, a, b, c, d, e));
    }

    long call(long a, long b, long c, long d, long e, long f) {
        return result(INVOKER.invokeN6(context, address, a, b, c, d, e, f));
    }

    /** For functions that return {@code int}: the upper half of the register is undefined. */
    int callInt(long a) {
        return intResult(INVOKER.invokeN1(context, address, a));
    }

    int callInt(long a, long b) {
        return intResult(INVOKER.invokeN2(context, address, a, b));
    }

    int callInt(long a, long b, long c) {
        return intResult(INVOKER.invokeN3(context, address, a, b, c));
    }

    int callInt(long a, long b, long c, long d) {
        return intResult(INVOKER.invokeN4(context, address, a, b, c, d));
    }

    int callInt(long a, long b, long c, long d, long e) {
        return intResult(INVOKER.invokeN5(context, address, a, b, c, d, e));
    }

    private static long result(long value) {
        return value == -1 ? -LAST_ERROR.get() : value;
    }

    private static int intResult(long value) {
        return (int) value == -1 ? -LAST_ERROR.get() : (int) value;
    }
}
