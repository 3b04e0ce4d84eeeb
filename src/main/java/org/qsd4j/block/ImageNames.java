package org.qsd4j.block;

import org.jspecify.annotations.Nullable;
import org.qsd4j.qapi.QapiException;

/** Names of files as images record them. */
public final class ImageNames {
    private ImageNames() {}

    /** A name in an image is relative to the image's folder. QEMU: {@code path_combine}. */
    public static String resolve(@Nullable String imageName, String name) {
        int colon = name.indexOf(':');
        int slash = name.indexOf('/');
        boolean hasProtocol = colon > 0 && (slash < 0 || colon < slash);
        if (slash == 0 || hasProtocol) {
            return name;
        }
        if (imageName == null) {
            throw QapiException.generic("Cannot use relative file name '%s' without the image's own name", name);
        }
        return imageName.substring(0, imageName.lastIndexOf('/') + 1) + name;
    }
}
