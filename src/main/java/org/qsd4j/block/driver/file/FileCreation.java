package org.qsd4j.block.driver.file;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockGraph;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.Permission;
import org.qsd4j.qapi.JsonInputVisitor;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.QapiJson;
import org.qsd4j.qapi.gen.BlockdevCreateOptionsFile;
import org.qsd4j.qapi.gen.BlockdevRef;
import org.qsd4j.qapi.gen.PreallocMode;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.NativeBuffer;

/** Makes a file, or empties one. QEMU: {@code raw_co_create}. */
final class FileCreation {
    private static final int MODE = 0644;
    private static final long FS_IOC_GETFLAGS = 0x8008_6601L;
    private static final long FS_IOC_SETFLAGS = 0x4008_6602L;
    private static final int FS_NOCOW_FL = 0x0080_0000;
    private static final long FS_IOC_FSGETXATTR = 0x801c_581fL;
    private static final long FS_IOC_FSSETXATTR = 0x401c_5820L;
    private static final int FSXATTR_SIZE = 28;
    private static final int FS_XFLAG_EXTSIZE = 0x800;
    private static final long DEFAULT_EXTENT_SIZE_HINT = 1 << 20;

    private FileCreation() {}

    /** Makes the file; the rest is to give it its size. */
    static Runnable create(BlockGraph graph, BlockdevCreateOptionsFile options) {
        String filename = options.filename();
        PreallocMode prealloc = options.preallocation() == null ? PreallocMode.OFF : options.preallocation();
        long hint = options.extentSizeHint() == null ? DEFAULT_EXTENT_SIZE_HINT : options.extentSizeHint();
        if (prealloc == PreallocMode.METADATA) {
            throw QapiException.generic("Unsupported preallocation mode: %s", prealloc.wireName());
        }
        if (hint < 0 || hint > 0xffff_ffffL) {
            throw QapiException.generic("Extent size hint is too large");
        }
        FdsetName.refuseToCreate(filename);
        int fd = Libc.open(filename, Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, MODE);
        if (fd < 0) {
            throw QapiException.fromErrno(fd, "Could not create '%s'", filename);
        }
        try {
            // File systems that know nothing of these say so, and are none the worse for it.
            if (Boolean.TRUE.equals(options.nocow())) {
                setNocow(fd);
            }
            if (hint != 0) {
                setExtentSizeHint(fd, (int) hint);
            }
        } finally {
            Libc.close(fd);
        }
        if (options.size() < 0) {
            throw QapiException.fromErrno(Errno.EINVAL, "Could not resize file");
        }
        if (options.size() > BlockNode.MAX_LENGTH) {
            throw QapiException.fromErrno(Errno.EFBIG, "Could not resize file");
        }
        return () -> resize(graph, filename, options.size(), prealloc);
    }

    /** Through a node, so that nobody is hurt who has the file locked. */
    private static void resize(BlockGraph graph, String filename, long size, PreallocMode prealloc) {
        ObjectNode definition = QapiJson.object().put("driver", "file").put("filename", filename);
        BlockdevRef ref = BlockdevRef.visit(new JsonInputVisitor(definition), null);
        BlockBackend backend = graph.mainLoopCalls()
                .call(() -> graph.newBackend(
                        ref,
                        Permission.WRITE | Permission.RESIZE,
                        Permission.CONSISTENT_READ | Permission.WRITE_UNCHANGED));
        try {
            backend.truncate(0, true, PreallocMode.OFF, 0);
            backend.truncate(size == 0 ? 0 : Math.max(512, size), true, prealloc, 0);
        } finally {
            graph.mainLoopCalls().run(backend::close);
        }
    }

    private static void setNocow(int fd) {
        NativeBuffer flags = NativeBuffer.allocate(Long.BYTES);
        if (Libc.ioctl(fd, FS_IOC_GETFLAGS, flags.address()) == 0) {
            flags.putInt(0, flags.getInt(0) | FS_NOCOW_FL);
            Libc.ioctl(fd, FS_IOC_SETFLAGS, flags.address());
        }
    }

    private static void setExtentSizeHint(int fd, int bytes) {
        NativeBuffer attributes = NativeBuffer.allocate(FSXATTR_SIZE);
        if (Libc.ioctl(fd, FS_IOC_FSGETXATTR, attributes.address()) == 0) {
            attributes.putInt(0, attributes.getInt(0) | FS_XFLAG_EXTSIZE);
            attributes.putInt(4, bytes);
            Libc.ioctl(fd, FS_IOC_FSSETXATTR, attributes.address());
        }
    }
}
