package org.qsd4j.daemon;

import org.qsd4j.qapi.gen.VersionInfo;
import org.qsd4j.qapi.gen.VersionTriple;

/** The versions that this program goes by. */
final class Version {
    /** The release of qemu-storage-daemon that it behaves like; clients look for it. */
    static final int MAJOR = 11;

    static final int MINOR = 1;
    static final int MICRO = 3;

    private Version() {}

    /** This project's own version, of the jar's manifest. */
    static String own() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }

    /** What {@code query-version} answers. */
    static VersionInfo info() {
        return new VersionInfo(new VersionTriple(MAJOR, MINOR, MICRO), "qsd4j " + own());
    }

    /** What --version prints. */
    static String text() {
        return "qemu-storage-daemon version " + MAJOR + "." + MINOR + "." + MICRO + " (qsd4j " + own() + ")\n";
    }
}
