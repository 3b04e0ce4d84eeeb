package org.qsd4j.util;

/**
 * Takes messages for the person who started the program, one or more lines each, without program name or final newline.
 * What a QMP client asked for is answered there instead. Any thread.
 */
public interface Reporter {
    void error(String text);

    void warning(String text);

    void info(String text);
}
