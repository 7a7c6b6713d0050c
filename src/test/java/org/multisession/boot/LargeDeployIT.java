package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** P5: a large database is migrated behind the listener, while the old app goes on. */
class LargeDeployIT {

    private static final String USERS = """
            INSERT INTO users (id, phone, auth_token)
            WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 61000)
            SELECT i, '+7998' || printf('%07d', i), 'legacy-token-of-user-number-' || i FROM n
            """;

    private static final String SESSIONS = """
            INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at)
            SELECT id, 'session-token-of-user-number-' || id, datetime('now') || '.000000', datetime('now') || '.000000'
            FROM users WHERE id >= 1000
            """;

    private static final Pattern ROWS_OF_STEP = Pattern.compile("multisession_migration_rows\\{which=\"all\"} (\\S+)");

    @TempDir
    Path folder;

    private SqliteApp large(String mode) {
        SqliteApp old = SqliteApp.make(folder, "multi");
        old.run("PRAGMA journal_mode=" + mode);
        old.run(USERS);
        old.run(SESSIONS);
        return old;
    }

    private TomcatServer deploy(SqliteApp old) {
        return TomcatServer.of(TomcatVersion.V10_1)
                .app("/", old, "multisession.login.verification", "none")
                .start();
    }

    @ParameterizedTest
    @ValueSource(strings = {"delete", "wal"})
    void requests_are_told_to_wait_and_the_old_app_need_not(String mode) throws Exception {
        try (SqliteApp old = large(mode);
                TomcatServer tomcat = deploy(old)) {
            Http http = Http.to(tomcat.uri("/"));
            List<String> healths = new ArrayList<>();
            int written = 0;
            long mostRows = 0;
            Answer health = http.get("health");
            while (health.status() != 200) {
                healths.add(health.body());
                Answer me = http.get("api/me", "Cookie", "auth_token=legacy-token-of-user-number-2000");
                if (me.status() == 503) {
                    assertThat(me.header("Retry-After")).isPresent();
                    assertThat(me.body()).contains("\"code\":\"migrating\"");
                }
                mostRows = Math.max(mostRows, rowsOfStep(http));
                // Fails after five seconds, as the old app's would.
                written += old.run("UPDATE user_sessions SET last_seen_at = '2026-02-02 00:00:00.000000' WHERE id = 1");
                health = http.get("health");
            }
            assertThat(healths).isNotEmpty();
            assertThat(healths.get(0)).contains("\"status\":\"migrating\"", "\"done\":", "\"total\":");
            assertThat(mostRows).as("rows of a step, as the metrics tell them").isGreaterThan(60_000);
            assertThat(rowsOfStep(http)).isZero();
            assertThat(written).isPositive();
            DeployedApp app = DeployedApp.on(tomcat, "/");
            assertThat(app.opens("legacy-token-of-user-number-60000", 60000)).isEqualTo("200 legacy");
            assertThat(app.opens("session-token-of-user-number-60000", 60000)).isEqualTo("200 session");
            assertThat(app.opens("no-token-of-anybody")).isEqualTo("401");
        }
    }

    private static long rowsOfStep(Http http) throws IOException {
        Matcher rows = ROWS_OF_STEP.matcher(http.get("metrics").body());
        assertThat(rows.find()).isTrue();
        return (long) Double.parseDouble(rows.group(1));
    }

    @Test
    void an_undeploy_in_the_middle_stops_it_and_the_next_deploy_goes_on() throws IOException {
        try (SqliteApp old = large("wal")) {
            try (TomcatServer tomcat = deploy(old)) {
                assertThat(Http.to(tomcat.uri("/")).get("health").body()).contains("\"status\":\"migrating\"");
            }
            try (TomcatServer tomcat = deploy(old)) {
                Http http = Http.to(tomcat.uri("/"));
                while (http.get("health").status() != 200) {
                    old.seen("session-token-of-user-number-2000", Instant.EPOCH);
                }
                assertThat(DeployedApp.on(tomcat, "/").opens("session-token-of-user-number-60000", 60000))
                        .isEqualTo("200 session");
            }
            assertThat(folder.toFile().list((in, name) -> name.contains(".backup-")))
                    .hasSize(1);
        }
    }
}
