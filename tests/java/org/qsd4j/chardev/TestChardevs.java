package org.qsd4j.chardev;

import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;
import org.qsd4j.util.Reporter;

/** Chardevs without a daemon around them. */
public final class TestChardevs {
    private TestChardevs() {}

    public static Chardevs open(Reporter reporter) {
        return open(reporter, false, new QomTree());
    }

    public static Chardevs open(Reporter reporter, boolean background, QomTree tree) {
        return new Chardevs(reporter, background, tree, new ObjectRegistry(tree, reporter::warning), () -> {});
    }
}
