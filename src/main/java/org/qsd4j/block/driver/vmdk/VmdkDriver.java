package org.qsd4j.block.driver.vmdk;

import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qsd4j.block.BlockChild;
import org.qsd4j.block.BlockDriver;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.ChildRole;
import org.qsd4j.block.ImageNames;
import org.qsd4j.block.OpenRequest;
import org.qsd4j.block.sparse.ImageHeader;
import org.qsd4j.block.sparse.SparseImageNode;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qapi.gen.BlockdevOptions;
import org.qsd4j.qapi.gen.BlockdevOptionsGenericCOWFormat;
import org.qsd4j.sys.Errno;

/** Driver {@code vmdk}. */
public final class VmdkDriver implements BlockDriver {
    /** Where hosted sparse images have theirs, whatever the header says. */
    private static final int EMBEDDED_DESCRIPTOR = 512;

    private static final Pattern DESCRIPTOR_START =
            Pattern.compile("(?:#[^\\n]*\\n| *\\r?\\n)*+version=[123]\\r?\\n.*", Pattern.DOTALL);

    @Override
    public String formatName() {
        return "vmdk";
    }

    @Override
    public boolean supportsBacking() {
        return true;
    }

    @Override
    public int probe(byte[] head) {
        String text = new String(head, StandardCharsets.ISO_8859_1);
        boolean sparse = text.startsWith(SparseHeader.MAGIC) || text.startsWith(SparseHeader.MAGIC_ESX);
        return sparse || DESCRIPTOR_START.matcher(text).matches() ? 100 : 0;
    }

    @Override
    public BlockNode open(OpenRequest request) {
        BlockdevOptionsGenericCOWFormat options = ((BlockdevOptions.Vmdk) request.options()).u();
        BlockChild file = request.openChild("file", options.file(), ChildRole.IMAGE);
        VmdkImage image = read(request, file);
        SparseImageNode.requireReadOnly(request, formatName());
        String parent = image.descriptor().parentFile();
        SparseImageNode.openBacking(request, file, options.backing(), parent, formatName());
        return new VmdkNode(request, file, image);
    }

    private static VmdkImage read(OpenRequest request, BlockChild file) {
        ImageHeader magic = ImageHeader.read(file, 0, 4, ByteOrder.LITTLE_ENDIAN);
        if (magic.has(0, SparseHeader.MAGIC_ESX)) {
            SparseExtent extent = new SparseExtent(file, "", SparseHeader.readEsx(file));
            return new VmdkImage(VmdkDescriptor.NONE, List.of(extent));
        }
        if (!magic.has(0, SparseHeader.MAGIC)) {
            return ofDescriptor(
                    request, file, VmdkDescriptor.read(file, 0, file.node().length()));
        }
        SparseHeader header = SparseHeader.read(file);
        if (header.size() == 0 && header.descriptorOffset() != 0) {
            return ofDescriptor(request, file, VmdkDescriptor.read(file, header.descriptorOffset(), Integer.MAX_VALUE));
        }
        VmdkDescriptor descriptor = VmdkDescriptor.read(file, EMBEDDED_DESCRIPTOR, Integer.MAX_VALUE)
                .withCreateType(header.isCompressed() ? "streamOptimized" : "monolithicSparse");
        descriptor.requireIdentities(file);
        return new VmdkImage(descriptor, List.of(new SparseExtent(file, "", header)));
    }

    private static VmdkImage ofDescriptor(OpenRequest request, BlockChild file, VmdkDescriptor descriptor) {
        descriptor.requireKnownType();
        descriptor.requireIdentities(file);
        List<VmdkExtent> extents = new ArrayList<>();
        for (VmdkDescriptor.Line line : descriptor.extents()) {
            extents.add(open(request, file.node().locatingFilename(), line, extents.size()));
        }
        return new VmdkImage(descriptor, extents);
    }

    private static VmdkExtent open(
            OpenRequest request, @Nullable String imageName, VmdkDescriptor.Line line, int index) {
        if (imageName == null && !line.file().startsWith("/")) {
            throw QapiException.withErrno(Errno.EINVAL, "Cannot use relative paths with VMDK descriptor file");
        }
        boolean flat = line.isFlat();
        BlockChild child = request.openFileChild(
                "extents." + index,
                ImageNames.resolve(imageName, line.file()),
                null,
                flat ? ChildRole.DATA : ChildRole.DATA | ChildRole.METADATA);
        if (flat) {
            return new FlatExtent(child, line.type(), line.bytes(), line.offset());
        }
        ImageHeader magic = ImageHeader.read(child, 0, 4, ByteOrder.LITTLE_ENDIAN);
        SparseHeader header =
                magic.has(0, SparseHeader.MAGIC_ESX) ? SparseHeader.readEsx(child) : SparseHeader.read(child);
        return new SparseExtent(child, line.type(), header.withSize(line.bytes()));
    }
}
