package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Fenced;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.RawHttp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** A cookie that Tomcat cannot read, with a token in it: what docs/security.md has operators set keeps it out of the log. */
class TomcatsOwnLogIT {

    @ParameterizedTest
    @EnumSource(TomcatVersion.class)
    void a_token_in_a_malformed_header_stays_out_of_the_log(TomcatVersion version) throws Exception {
        String lines = Fenced.block(Path.of("docs/security.md"), "properties", "Http11Processor");
        try (MemoryFolder folder = new MemoryFolder();
                SqliteApp database = SqliteApp.make(folder.path(), "single");
                TomcatServer tomcat = TomcatServer.of(version)
                        .logging(lines)
                        .app("/", database)
                        .start()) {
            for (String cookie : List.of(
                    "auth_token=a-secret-token\u0001",
                    "auth_token=\"a-secret-token",
                    "auth_token=a-secret-token\u00e9",
                    "$Version=1; auth_token=a-secret-token\u007f; =",
                    "auth_token=a secret-token,a-secret-token")) {
                for (String path : List.of("/", "/login", "/api/me", "/static/app.css", "/nowhere", "/verify")) {
                    RawHttp.get(tomcat.port(), path, "Cookie: " + cookie);
                }
            }
            assertThat(tomcat.log()).doesNotContain("secret-token");
        }
    }
}
