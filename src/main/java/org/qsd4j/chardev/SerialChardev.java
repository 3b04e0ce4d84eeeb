package org.qsd4j.chardev;

import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Libc;
import org.qsd4j.sys.Terminal;

/** A serial line of the host. QEMU: char-serial.c. */
final class SerialChardev extends DescriptorChardev {
    private final int fd;

    private SerialChardev(String id, ChardevLog log, int fd) {
        super(id, log, "chardev-serial", "serial", fd, fd);
        this.fd = fd;
    }

    /** As in QEMU, any device will do: what is no line can't be set up as one. */
    static Chardev open(String id, ChardevLog log, String path) {
        int fd = ChardevFactory.openDescriptor(path, Libc.O_RDWR | Libc.O_NONBLOCK);
        Terminal.setSerial(fd);
        try {
            return new SerialChardev(id, log, fd);
        } catch (QapiException e) {
            Libc.close(fd);
            throw e;
        }
    }

    @Override
    public void sendBreak() {
        execute(() -> Terminal.sendBreak(fd));
    }
}
