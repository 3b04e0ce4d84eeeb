package org.qsd4j.block.sparse;

import java.nio.file.Path;
import org.qsd4j.block.BlockNode;
import org.qsd4j.block.TestGraph;
import org.qsd4j.block.driver.bochs.BochsDriver;
import org.qsd4j.block.driver.cloop.CloopDriver;
import org.qsd4j.block.driver.dmg.DmgDriver;
import org.qsd4j.block.driver.parallels.ParallelsDriver;
import org.qsd4j.block.driver.qcow.QcowDriver;
import org.qsd4j.block.driver.qed.QedDriver;
import org.qsd4j.block.driver.vdi.VdiDriver;
import org.qsd4j.block.driver.vhdx.VhdxDriver;
import org.qsd4j.block.driver.vmdk.VmdkDriver;
import org.qsd4j.block.driver.vpc.VpcDriver;
import org.qsd4j.sys.NativeBuffer;

/** A graph with the drivers that only read, for tests. */
final class Formats {
    private static final int CHUNK = 1 << 20;

    private Formats() {}

    static TestGraph graph() {
        return new TestGraph(
                new QcowDriver(),
                new QedDriver(),
                new VdiDriver(),
                new VpcDriver(),
                new VhdxDriver(),
                new VmdkDriver(),
                new ParallelsDriver(),
                new BochsDriver(),
                new CloopDriver(),
                new DmgDriver());
    }

    static String definition(String format, Path image, String more) {
        return "{'driver':'" + format + "','node-name':'image','read-only':true," + more
                + "'file':{'driver':'file','filename':'" + image + "'}}";
    }

    static byte[] contents(BlockNode node) {
        NativeBuffer buffer = NativeBuffer.allocate(CHUNK);
        byte[] all = new byte[(int) node.length()];
        for (int at = 0; at < all.length; at += CHUNK) {
            int bytes = Math.min(CHUNK, all.length - at);
            int result = node.read(at, buffer, 0, bytes);
            if (result < 0) {
                throw new AssertionError("read at " + at + ": " + result);
            }
            buffer.get(0, all, at, bytes);
        }
        return all;
    }
}
