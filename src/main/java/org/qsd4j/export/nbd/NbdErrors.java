package org.qsd4j.export.nbd;

import org.qsd4j.nbd.wire.Nbd;
import org.qsd4j.sys.Errno;

/** From the system's error numbers to the few that the protocol has. */
final class NbdErrors {
    private NbdErrors() {}

    /** {@code result} is -errno. */
    static int fromErrno(int result) {
        return switch (-result) {
            case Errno.EPERM, Errno.EROFS -> Nbd.NBD_EPERM;
            case Errno.EIO, Errno.ENOMEDIUM -> Nbd.NBD_EIO;
            case Errno.ENOMEM -> Nbd.NBD_ENOMEM;
            case Errno.EDQUOT, Errno.EFBIG, Errno.ENOSPC -> Nbd.NBD_ENOSPC;
            case Errno.EOVERFLOW -> Nbd.NBD_EOVERFLOW;
            case Errno.ENOTSUP -> Nbd.NBD_ENOTSUP;
            case Errno.ESHUTDOWN -> Nbd.NBD_ESHUTDOWN;
            default -> Nbd.NBD_EINVAL;
        };
    }
}
