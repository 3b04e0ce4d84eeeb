package org.qsd4j.daemon;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.qsd4j.block.driver.qcow2.CheckResult;
import org.qsd4j.qapi.QapiJson;

/** What a check has found, for programs. QEMU: {@code ImageCheck}, as {@code qemu-img check --output=json} prints it. */
final class CheckReport {
    private CheckReport() {}

    static String json(String image, CheckResult result) {
        ObjectNode report =
                QapiJson.object().put("filename", image).put("format", "qcow2").put("check-errors", result.checkErrors);
        unlessZero(report, "image-end-offset", result.imageEndOffset);
        unlessZero(report, "corruptions", result.corruptions);
        unlessZero(report, "leaks", result.leaks);
        unlessZero(report, "corruptions-fixed", result.corruptionsFixed);
        unlessZero(report, "leaks-fixed", result.leaksFixed);
        unlessZero(report, "total-clusters", result.totalClusters);
        unlessZero(report, "allocated-clusters", result.allocatedClusters);
        unlessZero(report, "fragmented-clusters", result.fragmentedClusters);
        unlessZero(report, "compressed-clusters", result.compressedClusters);
        return Output.pretty(report);
    }

    private static void unlessZero(ObjectNode report, String name, long value) {
        if (value != 0) {
            report.put(name, value);
        }
    }
}
