package org.qsd4j.sys;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessorsTest {
    @Test
    void processorsAreCountedFromTheKernelsList() {
        assertThat(Processors.count("0")).isEqualTo(1);
        assertThat(Processors.count("0-127")).isEqualTo(128);
        assertThat(Processors.count("0-3,8,64-65")).isEqualTo(7);
    }

    @Test
    void thereIsAtLeastTheOneThatThisRunsOn() {
        assertThat(Processors.possible())
                .isGreaterThanOrEqualTo(Runtime.getRuntime().availableProcessors());
    }
}
