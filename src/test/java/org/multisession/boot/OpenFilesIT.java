package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.Http;
import org.multisession.testing.OtherAccount;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * Tomcat has as many files open as it may. What is needed for the first time then must not stay missing: the JVM and
 * Tomcat remember each class that they have not found.
 */
class OpenFilesIT {

    private static final String[] HTML = {"Accept", "text/html"};

    @TempDir
    Path folder;

    @Test
    void what_was_asked_for_while_no_more_files_could_be_opened_works_once_they_can() throws Exception {
        try (SqliteApp database = SqliteApp.make(folder, "single");
                TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                        .app("/", database, "multisession.login.verification", "none")
                        .start()) {
            // It keeps its connection, on which it is answered.
            Http http = Http.to(tomcat.uri("/"));
            assertThat(http.get("health").status()).isEqualTo(200);
            Path opened = Path.of("/proc/" + tomcat.pid() + "/fd");
            limit(tomcat, Objects.requireNonNull(opened.toFile().list()).length);
            assertThat(signIn(http)).isIn(200, 503);
            assertThat(http.get("login", HTML).status()).isIn(200, 503);
            assertThat(http.get("api/me", "Authorization", "Bearer nobodys").status())
                    .isIn(401, 503);

            limit(tomcat, 4096);
            assertThat(signIn(http)).isEqualTo(200);
            assertThat(http.get("login", HTML).status()).isEqualTo(200);
            assertThat(http.get("api/me", "Authorization", "Bearer nobodys").status())
                    .isEqualTo(401);
            assertThat(http.get("health").body()).doesNotContain("shared-in-jvm");
        }
    }

    private static int signIn(Http http) {
        return http.postJson("api/login", "{\"phone\":\"+79991234567\"}").status();
    }

    private static void limit(TomcatServer tomcat, int files) {
        assumeTrue(
                OtherAccount.succeeds(
                        List.of("prlimit", "--pid", String.valueOf(tomcat.pid()), "--nofile=" + files + ":")),
                "prlimit is not installed");
    }
}
