package org.qsd4j.chardev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qsd4j.qapi.QapiException;
import org.qsd4j.qom.QomTree;

/** The errors of {@code --chardev}, in the real daemon's words. */
class ChardevErrorsTest {
    private static final String LONG_PATH = "/tmp/" + "a".repeat(104);

    @TempDir
    Path dir;

    private final ReportedLines reported = new ReportedLines();

    private QapiException failureOf(String argument) {
        return failureOf(argument, false);
    }

    private QapiException failureOf(String argument, boolean background) {
        try (Chardevs chardevs = TestChardevs.open(reported, background, new QomTree())) {
            return catchThrowableOfType(
                    QapiException.class, () -> chardevs.add(ChardevCommandLine.parse(argument, reported)));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "socket,id=a|Unable to parse FD number ''",
                "socket|chardev: no id specified",
                "foo,id=a|'''foo'' is not a valid char driver name'",
                "id=a|chardev: \"a\" missing backend",
                "socket,id=a,path=/nonexist/x,server=on,wait=off|Failed to bind socket to /nonexist/x: No such file or directory",
                "socket,id=a,path=/nonexist/x|Failed to connect to '/nonexist/x': No such file or directory",
                "socket,id=a,path=/x/f,server=on,wait=off,foo=bar|Invalid parameter 'foo'",
                "socket,id=a,path=/x/f,server=on,wait=maybe|Parameter 'wait' expects 'on' or 'off'",
                "socket,id=a,path=/x/f,host=x,server=on|None or one of 'path', 'fd' or 'host' option required.",
                "socket,id=a,path=/x/f,wait=off|'''wait'' option is incompatible with socket in client connect mode'",
                "socket,id=a,path=/x/f,server=on,reconnect-ms=9|'''reconnect-ms'' option is incompatible with socket in server listen mode'",
                "socket,id=a,path=/x/f,server=on,reconnect=1|Invalid parameter 'reconnect'",
                "socket,id=a,fd=977|File descriptor '977' is not a socket",
                "socket,id=a,fd=x|Unable to parse FD number x",
                "socket,id=a,host=localhost|chardev: socket: no port given",
                "socket,id=a,host=127.0.0.1,port=1|Failed to connect to '127.0.0.1:1': Connection refused",
                "socket,id=a,host=127.0.0.1,port=abc|address resolution failed for 127.0.0.1:abc: Servname not supported for ai_socktype",
                "socket,id=a,host=127.0.0.1,port=-1|address resolution failed for 127.0.0.1:-1: Servname not supported for ai_socktype",
                "socket,id=a,host=127.0.0.1,port=7391,ipv6=on|address resolution failed for 127.0.0.1:7391: Address family for hostname not supported",
                "socket,id=a,host=10.9.8.7,port=7391,server=on|Failed to bind socket: Cannot assign requested address",
                "socket,id=1a,path=/x/f|Parameter 'id' expects an identifier",
                "socket,id=a,path=/x/f,tls-creds=zz,server=on|No TLS credentials with id 'zz'",
                "socket,id=a,path=/x/f,tls-authz=zz,server=on|'''tls_authz'' option requires ''tls_creds'' option'",
                "socket,id=a,path=/x/f,websocket=on|Websocket client is not implemented",
                "socket,id=a,path=/x/f,delay=on,nodelay=on|'''delay'' and ''nodelay'' are mutually exclusive'",
                "socket,id=a,fd=0,reconnect-ms=5|'''reconnect-ms'' option is incompatible with ''fd'' address type'",
                "socket,id=a,path=/x/f,reconnect-ms=x|Parameter 'reconnect-ms' expects a number",
                "socket,id=a,path=/tmp,server=on,wait=off|Failed to unlink socket /tmp: Is a directory",
                "file,id=a|chardev: file: no filename given",
                "file,id=a,path=/nonexist/x|Could not open '/nonexist/x': No such file or directory",
                "file,id=a,path=/tmp|Could not open '/tmp': Is a directory",
                "null,id=a,logfile=/nonexist/q|Could not create '/nonexist/q': No such file or directory",
                "pipe,id=a|chardev: pipe: no device path given",
                "pipe,id=a,path=/nonexist/x|Could not open '/nonexist/x': No such file or directory",
                "ringbuf,id=a,size=100|size of ringbuf chardev must be power of two",
                "ringbuf,id=a,size=x|Parameter 'size' expects a non-negative number below 2^64",
                "udp,id=a|chardev: udp: remote port not specified",
                "udp,id=a,port=x|address resolution failed for localhost:x: Servname not supported for ai_socktype",
                "mux,id=a|chardev: mux: no chardev given",
                "serial,id=a|chardev: serial/tty: no device path given",
                "parallel,id=a|chardev: parallel: no device path given",
                "parallel,id=a,path=/nonexist/x|Could not open '/nonexist/x': No such file or directory",
                "stdio,id=a,signal=maybe|Parameter 'signal' expects 'on' or 'off'",
            })
    void chardevIsRefused(String argument, String message) {
        String expected = message.equals("Unable to parse FD number ''") ? "Unable to parse FD number " : message;
        assertThat(failureOf(argument).desc()).isEqualTo(expected);
    }

    @Test
    void pathsThatAreTooLongAreRefusedWithTheLimit() {
        QapiException listening = failureOf("socket,id=a,server=on,wait=off,path=" + LONG_PATH);
        assertThat(listening.desc()).isEqualTo("UNIX socket path '" + LONG_PATH + "' is too long");
        assertThat(listening.hint()).isEqualTo("Path must be less than 108 bytes");
        QapiException abstractName =
                failureOf("socket,id=a,server=on,wait=off,abstract=on,path=" + LONG_PATH.substring(1));
        assertThat(abstractName.hint()).isEqualTo("Path must be less than 107 bytes");
        assertThat(failureOf("socket,id=a,path=" + LONG_PATH).hint()).isEmpty();
    }

    @Test
    void pathOf108BytesWorks() {
        String name = dir.toString() + "/";
        String path = name + "p".repeat(108 - name.length());
        try (Chardevs chardevs = TestChardevs.open(reported)) {
            chardevs.add(ChardevCommandLine.parse("socket,id=a,server=on,wait=off,path=" + path, reported));
            assertThat(Files.exists(Path.of(path))).isTrue();
        }
        assertThat(Files.exists(Path.of(path))).isFalse();
    }

    @Test
    void sameIdIsRefused() {
        try (Chardevs chardevs = TestChardevs.open(reported)) {
            chardevs.add(ChardevCommandLine.parse("null,id=a", reported));
            assertThat(catchThrowableOfType(
                                    QapiException.class,
                                    () -> chardevs.add(ChardevCommandLine.parse("null,id=a", reported)))
                            .desc())
                    .isEqualTo("attempt to add duplicate property 'a' to object (type 'container')");
        }
    }

    @Test
    void stdioIsForOneAndNotForTheBackground() {
        assertThat(failureOf("stdio,id=a", true).desc()).isEqualTo("cannot use stdio with -daemonize");
        try (Chardevs chardevs = TestChardevs.open(reported)) {
            chardevs.add(ChardevCommandLine.parse("stdio,id=a", reported));
            assertThat(catchThrowableOfType(
                                    QapiException.class,
                                    () -> chardevs.add(ChardevCommandLine.parse("stdio,id=b", reported)))
                            .desc())
                    .isEqualTo("cannot use stdio by multiple character devices");
        }
    }

    @Test
    void shortFormsAreTakenWithAWarning() {
        ChardevCommandLine.parse("socket,id=a,path=/x,server,nowait", reported);
        assertThat(reported.lines)
                .containsExactly(
                        "warning: short-form boolean option 'server' deprecated\nPlease use server=on instead",
                        "warning: short-form boolean option 'nowait' deprecated\nPlease use wait=off instead");
    }

    @Test
    void helpListsKindsOrOptions() {
        ChardevCommandLine.Help kinds = ChardevCommandLine.help("help", reported);
        assertThat(kinds).isNotNull();
        assertThat(kinds.text())
                .startsWith("Available chardev backend types: \n")
                .contains("  socket\n");
        assertThat(kinds.exitStatus()).isZero();
        ChardevCommandLine.Help options = ChardevCommandLine.help("null,help", reported);
        assertThat(options).isNotNull();
        assertThat(options.text()).startsWith("chardev options:\n").contains("  wait=<bool (on/off)>\n");
        assertThat(options.exitStatus()).isEqualTo(1);
        assertThat(ChardevCommandLine.help("null,id=a", reported)).isNull();
    }
}
