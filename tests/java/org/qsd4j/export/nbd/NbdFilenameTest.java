package org.qsd4j.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.block.driver.nbd.NbdDriver;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qom.ObjectRegistry;
import org.qsd4j.qom.QomTree;

/** Names of exports that images have of their backing files, as version 11.1.3 takes them. */
class NbdFilenameTest {
    private final NbdDriver driver = new NbdDriver(new ObjectRegistry(new QomTree(), line -> {}));

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            nullValues = "-",
            value = {
                "nbd://127.0.0.1:17809/e 127.0.0.1 17809 e",
                "nbd+tcp://h//e h 10809 e",
                "nbd://u@[::1]:5#f ::1 5 -",
                "nbd:h:7:exportname=a%20b h 7 a%20b",
                "nbd:[::1]:x ::1 x -",
            })
    void aHostAndAPort(String filename, String host, String port, @Nullable String export) {
        String server = "\"server\":{\"type\":\"inet\",\"host\":\"" + host + "\",\"port\":\"" + port + "\"}";
        assertThat(String.valueOf(driver.parseFilename(filename))).isEqualTo(definition(server, export));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            nullValues = "-",
            value = {
                "nbd+unix:///e?socket=/s /s e",
                "nbd+unix:///a%c3%a9?socket=/x%2fs /x/s a\u00e9",
                "nbd+unix://?socket=s s -",
                "nbd:unix:/s:x /s:x -",
                "nbd:unix:/s:exportname=e /s e",
            })
    void aSocketsPath(String filename, String path, @Nullable String export) {
        String server = "\"server\":{\"type\":\"unix\",\"path\":\"" + path + "\"}";
        assertThat(String.valueOf(driver.parseFilename(filename))).isEqualTo(definition(server, export));
    }

    private static String definition(String server, @Nullable String export) {
        return "{\"driver\":\"nbd\"," + server + (export == null ? "" : ",\"export\":\"" + export + "\"") + "}";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            value = {
                "nbd:>NBD server address missing",
                "nbd:unix:/s:exportname=>NBD server address missing",
                "nbd:host>error parsing address 'host'",
                "nbd:h:exportname=e>error parsing address 'h'",
                "nbd:///x>No valid URL specified",
                "nbd://h:99999/>No valid URL specified",
                "nbd://h:x/>No valid URL specified",
                "nbd://h/e?socket=x>No valid URL specified",
                "nbd+unix:///e>No valid URL specified",
                "nbd+unix://h/e?socket=s>No valid URL specified",
                "nbd+unix:///e?socket=s&x=1>No valid URL specified",
                "nbd+unix:///a%2?socket=s>No valid URL specified",
                "nbd+unix:/e?socket=s>File name string for NBD must start with 'nbd:'",
            })
    void whatCanBeNoneIsRefused(String filename, String message) {
        assertThatThrownBy(() -> driver.parseFilename(filename))
                .isInstanceOf(QapiException.class)
                .hasMessage(message);
    }

    @Test
    void otherNamesAreOthers() {
        assertThat(driver.parseFilename("nbds://h/e")).isNull();
        assertThat(driver.parseFilename("/nbd://h/e")).isNull();
    }
}
