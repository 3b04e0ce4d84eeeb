package org.qsd4j.daemon;

/** What --help prints. Option syntax as the real daemon has it, since programs look for it there. */
final class HelpText {
    private static final String DAEMON = """
            Usage: qemu-storage-daemon [options]
            Storage daemon: opens disk images and offers them over FUSE and NBD, without a virtual machine.

              -h, --help             print this text
              -T, --trace [[enable=]<pattern>][,events=<file>][,file=<file>]
                                     switch trace points on ('-' before a pattern: off);
                                     --trace help lists them
              -V, --version          print the version

              --blockdev [driver=]<driver>[,node-name=<N>][,discard=ignore|unmap]
                         [,cache.direct=on|off][,cache.no-flush=on|off]
                         [,read-only=on|off][,auto-read-only=on|off]
                         [,force-share=on|off][,detect-zeroes=on|off|unmap]
                         [,driver specific parameters...]
                                     open an image as a node of the block graph

              --chardev <options>    open a character device, such as
                                     socket,id=<id>,path=<path>,server=on,wait=off

              --daemonize            go on in the background as soon as everything is up

              --export [type=]nbd,id=<id>,node-name=<node-name>[,name=<export-name>]
                       [,writable=on|off][,bitmap=<name>]
                                     offer a node over NBD (needs --nbd-server)

              --export [type=]fuse,id=<id>,node-name=<node-name>,mountpoint=<file>
                       [,growable=on|off][,writable=on|off][,allow-other=on|off|auto]
                                     make a node appear as a file, over FUSE

              --fuse-io-uring on|off|auto
                                     serve FUSE exports that follow over io_uring;
                                     auto (the default): where the kernel offers it

              --fuse-passthrough on|off|auto
                                     let the kernel read a raw image's file itself, for
                                     read-only FUSE exports that follow (root only), even
                                     once an export is gone (default: off);
                                     auto: not for O_DIRECT

              --monitor [chardev=]name[,mode=control][,pretty[=on|off]]
                                     speak QMP on a character device

              --nbd-server addr.type=inet,addr.host=<host>,addr.port=<port>
                           [,max-connections=<n>]
              --nbd-server addr.type=unix,addr.path=<path>
                           [,max-connections=<n>]
                                     listen for NBD clients

              --object help          list the types of objects
              --object <type>,help   list the properties of a type
              --object <type>[,<property>=<value>...]
                                     make an object of that type; it needs an 'id'

              --pidfile <path>       write the process id there when everything is up

            Options take effect in the order in which they stand.
            """;

    private HelpText() {}

    static String daemon() {
        return DAEMON;
    }
}
