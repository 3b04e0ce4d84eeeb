package org.qsd4j.sys;

import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The GnuTLS library, version 3.6 or newer, where the system has it. It does what no Java library at hand does: keys
 * shared beforehand and anonymous sessions, priority strings, and records read and written where they lie in native
 * memory.
 *
 * <p>Functions return {@code E_…} codes, which are negative; {@link #message} has the library's text. Any thread.
 */
public final class GnuTls {
    public static final int E_AGAIN = -28;
    public static final int E_INTERRUPTED = -52;
    public static final int E_REQUESTED_DATA_NOT_AVAILABLE = -56;

    static final int E_SHORT_MEMORY_BUFFER = -51;
    static final int FORMAT_DER = 0;
    static final int FORMAT_PEM = 1;

    static final Cleaner CLEANER = Cleaner.create();

    private static final int DATUM_BYTES = 16;

    private static final @Nullable Library LIBRARY = open();

    private GnuTls() {}

    private static @Nullable Library open() {
        Library library = Library.openLibrary("libgnutls.so.30", Library.LAZY | Library.LOCAL);
        return library == null || library.getSymbolAddress("gnutls_psk_server_get_username2") == 0 ? null : library;
    }

    public static boolean isAvailable() {
        return LIBRARY != null;
    }

    static NativeFunction function(String symbol, int parameters) {
        Library library = LIBRARY;
        if (library == null) {
            throw new UnsatisfiedLinkError("GnuTLS isn't there");
        }
        return NativeFunction.of(library, symbol, parameters);
    }

    private static final class Errors {
        static final NativeFunction STRERROR = function("gnutls_strerror", 1);
        static final NativeFunction IS_FATAL = function("gnutls_error_is_fatal", 1);
    }

    /** The library's text of a code. */
    public static String message(int error) {
        return string(Errors.STRERROR.call(error));
    }

    /** Whether the session is over with that. */
    public static boolean isFatal(int error) {
        return Errors.IS_FATAL.callInt(error) != 0;
    }

    static String string(long address) {
        return address == 0
                ? ""
                : new String(MemoryIO.getInstance().getZeroTerminatedByteArray(address), StandardCharsets.UTF_8);
    }

    static int check(int result) throws GnuTlsException {
        if (result < 0) {
            throw new GnuTlsException(result);
        }
        return result;
    }

    /** The text with its NUL. */
    static NativeBuffer cString(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        NativeBuffer buffer = NativeBuffer.allocate(bytes.length + 1);
        buffer.put(0, bytes, 0, bytes.length);
        return buffer;
    }

    /** gnutls_datum_t (address at 0, u32 length at 8) with the bytes behind it. */
    static NativeBuffer datum(byte[] bytes) {
        NativeBuffer buffer = NativeBuffer.allocate(DATUM_BYTES + bytes.length);
        buffer.putLong(0, buffer.address() + DATUM_BYTES);
        buffer.putInt(8, bytes.length);
        buffer.put(DATUM_BYTES, bytes, 0, bytes.length);
        return buffer;
    }

    static byte[] datumBytes(long datum) {
        MemoryIO memory = MemoryIO.getInstance();
        byte[] bytes = new byte[memory.getInt(datum + 8)];
        memory.getByteArray(memory.getAddress(datum), bytes, 0, bytes.length);
        return bytes;
    }

    /** A handle that one of the library's functions has put at the buffer's start, freed when {@code owner} is garbage. */
    static long own(Object owner, NativeBuffer out, NativeFunction free) {
        long handle = out.getLong(0);
        CLEANER.register(owner, () -> free.call(handle));
        return handle;
    }
}
