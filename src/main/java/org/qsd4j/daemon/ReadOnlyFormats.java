package org.qsd4j.daemon;

import java.util.List;
import org.qsd4j.block.BlockDriver;
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

/** The formats of other programs, which are only read. */
final class ReadOnlyFormats {
    private ReadOnlyFormats() {}

    static List<BlockDriver> drivers() {
        return List.of(
                new BochsDriver(),
                new CloopDriver(),
                new DmgDriver(),
                new ParallelsDriver(),
                new QcowDriver(),
                new QedDriver(),
                new VdiDriver(),
                new VhdxDriver(),
                new VmdkDriver(),
                new VpcDriver());
    }
}
