package org.multisession.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class InstalledTest {

    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    @Test
    void a_test_goes_on_where_everything_is_there() {
        assertThatCode(() -> Installed.require("a JVM", "default-jdk", JAVA)).doesNotThrowAnyException();
    }

    @Test
    void a_missing_program_skips_a_test_and_fails_it_on_a_build_server() {
        Throwable thrown =
                catchThrowable(() -> Installed.require("a wonder", "wonder", JAVA, Path.of("/usr/bin/no-wonder")));
        assertThat(thrown)
                .isInstanceOf(
                        Boolean.parseBoolean(System.getenv("CI")) ? AssertionError.class : TestAbortedException.class)
                .hasMessageContaining("/usr/bin/no-wonder")
                .hasMessageContaining("apt-get install wonder");
    }
}
