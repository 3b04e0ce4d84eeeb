package org.qsd4j.block.driver.vmdk;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qsd4j.aio.Immutable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.sys.Errno;

/**
 * The text that names the image's extents.
 *
 * @param cid of the contents, which changes whenever somebody writes
 * @param parentCid what the parent's was; {@link #NO_PARENT} if there is none
 */
@Immutable
record VmdkDescriptor(
        long cid,
        long parentCid,
        @Nullable String createType,
        @Nullable String parentFile,
        List<Line> extents) {
    static final long NO_PARENT = 0xffffffffL;
    private static final long MISSING = -1;
    static final VmdkDescriptor NONE = new VmdkDescriptor(0, NO_PARENT, null, null, List.of());
    private static final int MAX_BYTES = 20 * 512;
    private static final int SECTOR = 512;
    private static final long MAX_SECTORS = 1L << 53;
    private static final Set<String> TYPES =
            Set.of("monolithicFlat", "vmfs", "vmfsSparse", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat");
    private static final Set<String> EXTENT_TYPES = Set.of("FLAT", "SPARSE", "VMFS", "VMFSSPARSE");
    private static final Pattern EXTENT = Pattern.compile(
            "(\\S{1,9})\\s+(-?\\d{1,18})\\s+(\\S{1,9})\\s+" + "\"([^\"]{1,511})\"(?:\\s+(-?\\d{1,18}))?.*");

    /**
     * A line that names an extent.
     *
     * @param offset where a flat extent begins in its file, in bytes
     */
    @Immutable
    record Line(String type, long bytes, String file, long offset) {
        boolean isFlat() {
            return type.equals("FLAT") || type.equals("VMFS");
        }
    }

    static VmdkDescriptor read(BlockChild file, long offset, long bytes) {
        int count = (int) Math.min(bytes, MAX_BYTES);
        String text = count == 0
                ? ""
                : ImageHeader.read(file, offset, count, ByteOrder.LITTLE_ENDIAN).name(0, count);
        String createType = quoted(text, "createType");
        List<Line> extents = new ArrayList<>();
        text.lines().map(VmdkDescriptor::parse).filter(Objects::nonNull).forEach(extents::add);
        return new VmdkDescriptor(
                hex(text, "CID"), hex(text, "parentCID"), createType, quoted(text, "parentFileNameHint"), extents);
    }

    /** Other types of images need something that a descriptor doesn't tell. */
    void requireKnownType() {
        if (createType == null) {
            throw invalid("invalid VMDK image descriptor");
        }
        if (!TYPES.contains(createType)) {
            throw QapiException.withErrno(Errno.ENOTSUP, "Unsupported image type '%s'", createType);
        }
    }

    void requireIdentities(BlockChild file) {
        if (cid == MISSING || parentCid == MISSING) {
            throw ImageHeader.couldNotOpen(file, Errno.EINVAL);
        }
    }

    VmdkDescriptor withCreateType(String type) {
        return new VmdkDescriptor(cid, parentCid, type, parentFile, extents);
    }

    private static @Nullable Line parse(String text) {
        Matcher matcher = EXTENT.matcher(text);
        if (!matcher.matches() || !matcher.group(1).equals("RW")) {
            return null;
        }
        String type = matcher.group(3);
        long sectors = Long.parseLong(matcher.group(2));
        if (!EXTENT_TYPES.contains(type) || sectors <= 0) {
            return null;
        }
        String offset = matcher.group(5);
        boolean wantsOffset = type.equals("FLAT");
        boolean misplaced = wantsOffset != (offset != null) && !type.equals("VMFS");
        if (misplaced || (offset != null && offset.startsWith("-"))) {
            throw invalid("Invalid extent line: " + text);
        }
        long start = offset == null ? 0 : Long.parseLong(offset);
        if (sectors > MAX_SECTORS || start > MAX_SECTORS) {
            throw invalid("Invalid extent line: " + text);
        }
        return new Line(type, sectors * SECTOR, matcher.group(4), start * SECTOR);
    }

    private static @Nullable String quoted(String text, String key) {
        Matcher matcher = Pattern.compile("^" + key + "=\"([^\"\n]*)\"", Pattern.MULTILINE)
                .matcher(text);
        return matcher.find() && !matcher.group(1).isEmpty() ? matcher.group(1) : null;
    }

    private static long hex(String text, String key) {
        Matcher matcher = Pattern.compile("^" + key + "=([0-9a-fA-F]{1,8})", Pattern.MULTILINE)
                .matcher(text);
        return matcher.find() ? Long.parseLong(matcher.group(1), 16) : MISSING;
    }

    private static QapiException invalid(String text) {
        return QapiException.withErrno(Errno.EINVAL, "%s", text);
    }
}
