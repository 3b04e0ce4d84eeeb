package org.qsd4j.block.driver.file;

import java.util.regex.Pattern;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/** Names of descriptor sets, which a storage daemon never has: no command of its monitor makes one. */
final class FdsetName {
    private static final String PREFIX = "/dev/fdset/";
    private static final Pattern NUMBER = Pattern.compile("\\s*[+]?\\d{1,10}");

    private FdsetName() {}

    /** @throws QapiException for the name of a set, in the words for opening it */
    static void refuse(String filename) {
        if (filename.startsWith(PREFIX)) {
            requireNumber(filename);
            throw QapiException.fromErrno(-Errno.ENOSYS, "Could not open '%s'", filename);
        }
    }

    /** @throws QapiException for the name of a set, in the words for creating it */
    static void refuseToCreate(String filename) {
        if (filename.startsWith(PREFIX)) {
            requireNumber(filename);
            throw QapiException.withErrno(Errno.ENOSYS, "%s", Errno.message(Errno.ENOSYS));
        }
    }

    private static void requireNumber(String filename) {
        String set = filename.substring(PREFIX.length());
        if (!NUMBER.matcher(set).matches() || Long.parseLong(set.strip()) > Integer.MAX_VALUE) {
            throw QapiException.generic("Could not parse fdset %s", filename);
        }
    }
}
