package org.qsd4j.daemon;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.io.OutputStream;
import org.junit.jupiter.api.Test;

class ErrorReportTest {
    private static final class Closed extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
        }
    }

    @Test
    void closedStderrEndsNobody() {
        ErrorReport report = new ErrorReport("prog", new Closed());
        assertThatCode(() -> report.error("x")).doesNotThrowAnyException();
    }
}
