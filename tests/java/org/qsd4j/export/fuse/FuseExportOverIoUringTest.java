package org.qsd4j.export.fuse;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.qsd4j.sys.Errno;

/** Programs see the same of a file that is served over io_uring. */
class FuseExportOverIoUringTest extends FuseExportTest {
    private static FuseParameter parameter;

    @BeforeAll
    static void switchOn() throws Exception {
        parameter = FuseParameter.ioUring("Y");
        parameter.require();
    }

    @AfterAll
    static void putBack() throws Exception {
        parameter.close();
    }

    @Override
    void chooseTransport(FuseFixture chosen) {
        chosen.driver.setIoUring(FuseSwitch.ON);
    }

    /** The kernel takes a ring down in the background; a request may still catch it alive. */
    @Override
    List<Integer> errorsAfterTheEnd() {
        return List.of(-Errno.ENOTCONN, -Errno.ECONNABORTED);
    }
}
