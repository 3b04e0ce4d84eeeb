package org.qsd4j.sys;

/** What the kernel tells of the machine's processors. */
public final class Processors {
    private static final String POSSIBLE = "/sys/devices/system/cpu/possible";

    private Processors() {}

    /** How many there can ever be, those that are off included: the kernel's per-processor structures. 0 if unknown. */
    public static int possible() {
        String list = KernelFile.read(POSSIBLE);
        try {
            return list == null ? 0 : count(list);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Counts a list like {@code 0-3,8}. */
    static int count(String list) {
        int count = 0;
        for (String range : list.split(",", -1)) {
            int dash = range.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
            int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
            count += last - first + 1;
        }
        return count;
    }
}
