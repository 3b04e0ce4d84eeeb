package org.qsd4j.util;

/**
 * Takes messages for the person who started the program, one or more lines each, without program name or final newline.
 * What a QMP client asked for is answered there instead. Any thread.
 */
public interface Reporter {
    /** Says nothing, for what is said once more anyway. */
    Reporter SILENT = new Reporter() {
        @Override
        public void error(String text) {}

        @Override
        public void warning(String text) {}

        @Override
        public void info(String text) {}
    };

    void error(String text);

    void warning(String text);

    void info(String text);
}
