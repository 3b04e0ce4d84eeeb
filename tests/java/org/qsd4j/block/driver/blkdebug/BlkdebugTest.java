package org.qsd4j.block.driver.blkdebug;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.qsd4j.block.BlockBackend;
import org.qsd4j.block.BlockStatus;
import org.qsd4j.block.TestGraph;
import org.qsd4j.sys.Errno;
import org.qsd4j.sys.NativeBuffer;

class BlkdebugTest {
    @TempDir
    Path dir;

    private final TestGraph test = new TestGraph(new BlkdebugDriver());
    private final NativeBuffer buffer = NativeBuffer.allocate(4096);

    @AfterEach
    void close() {
        test.close();
    }

    private BlockBackend add(String options) {
        return test.writer(test.add("{'driver':'blkdebug','node-name':'b','discard':'unmap',"
                + "'image':{'driver':'null-co','size':1048576,'read-zeroes':true}" + options + "}"));
    }

    @Test
    void errorsComeByKindPlaceAndNumber() {
        BlockBackend blk = add(",'inject-error':[{'event':'none','iotype':'read','errno':28,'sector':3},"
                + "{'event':'none','iotype':'flush','once':true},"
                + "{'event':'none','iotype':'block-status','errno':13}]");
        assertThat(blk.read(0, buffer, 0, 1536)).isZero();
        assertThat(blk.read(2047, buffer, 0, 1)).isZero();
        assertThat(blk.read(0, buffer, 0, 1537)).isEqualTo(-Errno.ENOSPC);
        assertThat(blk.write(1536, buffer, 0, 512, 0)).isZero();
        assertThat(blk.flush()).isEqualTo(-Errno.EIO);
        assertThat(blk.flush()).isZero();
        assertThat(blk.blockStatus(true, 0, 512, new BlockStatus())).isEqualTo(-Errno.EACCES);
    }

    @Test
    void ruleWithoutKindSparesBlockStatus() {
        BlockBackend blk = add(",'inject-error':[{'event':'none','errno':1}]");
        assertThat(blk.blockStatus(true, 0, 512, new BlockStatus())).isZero();
        assertThat(blk.read(0, buffer, 0, 512)).isEqualTo(-Errno.EPERM);
        assertThat(blk.write(0, buffer, 0, 512, 0)).isEqualTo(-Errno.EPERM);
        assertThat(blk.writeZeroes(0, 512, 0)).isEqualTo(-Errno.EPERM);
        assertThat(blk.discard(0, 512)).isEqualTo(-Errno.EPERM);
    }

    @Test
    void eventsLeadFromStateToState() {
        BlockBackend blk = add(",'set-state':[{'event':'pwritev','state':1,'new_state':2},"
                + "{'event':'pwritev','state':2,'new_state':3}],"
                + "'inject-error':[{'event':'pwritev','state':3,'iotype':'write','once':true}]");
        assertThat(blk.write(0, buffer, 0, 512, 0)).isZero();
        assertThat(blk.write(0, buffer, 0, 512, 0)).isZero();
        assertThat(blk.write(0, buffer, 0, 512, 0)).isEqualTo(-Errno.EIO);
        assertThat(blk.write(0, buffer, 0, 512, 0)).isZero();
    }

    @Test
    void limitsAreKeptAndShown() {
        BlockBackend blk = add(",'align':512,'max-transfer':1024,'max-write-zero':2048,'opt-discard':4096");
        assertThat(blk.node().limits().requestAlignment).isEqualTo(512);
        assertThat(blk.node().limits().maxTransfer).isEqualTo(1024);
        assertThat(blk.node().limits().maxPwriteZeroes).isEqualTo(2048);
        assertThat(blk.node().limits().pdiscardAlignment).isEqualTo(4096);
        assertThat(blk.read(1, buffer, 0, 4095)).isZero();
    }

    @Test
    void configFileHasTheSameRules() throws Exception {
        Path config = Files.writeString(dir.resolve("rules"), """
                # rules
                [set-state]
                event = "pwritev"
                new_state = "5"

                [inject-error]
                event = "pwritev_done"
                state = "5"
                errno = "28"
                iotype = "read"
                """);
        BlockBackend blk = add(",'config':'" + config + "'");
        assertThat(blk.read(0, buffer, 0, 512)).isZero();
        assertThat(blk.write(0, buffer, 0, 512, 0)).isZero();
        assertThat(blk.read(0, buffer, 0, 512)).isEqualTo(-Errno.ENOSPC);
    }

    @Test
    void badConfigFilesAreRefused() throws Exception {
        refused("[bogus]\n", "There is no option group 'bogus'");
        refused("[inject-error]\nerrno = \"5\"\n", "Missing event name for rule");
        refused("[inject-error]\nevent = \"xxx\"\n", "invalid parameter value: xxx");
        refused("[inject-error]\nfoo = \"xxx\"\n", "Invalid parameter 'foo'");
        assertThatThrownBy(() -> add(",'config':'" + dir + "/absent'"))
                .hasMessage("Could not open '" + dir + "/absent': No such file or directory");
    }

    private void refused(String content, String message) throws Exception {
        Path config = Files.writeString(dir.resolve("bad"), content);
        assertThatThrownBy(() -> add(",'config':'" + config + "'")).hasMessage(message);
    }
}
