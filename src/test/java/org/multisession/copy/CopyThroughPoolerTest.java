package org.multisession.copy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.Source;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.migration.Progress;
import org.multisession.testing.NewApp;
import org.multisession.testing.PgBouncer;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** A copy through PgBouncer in transaction mode, again and again by the same few sessions, and the way back. */
class CopyThroughPoolerTest {

    /** Neither a temporary table nor a setting of ours may stay on a session that others get. */
    private static final String LEFT = "SELECT relname FROM pg_class WHERE relpersistence = 't'";

    private final TestClock clock = new TestClock();
    private final List<String> tokens = new ArrayList<>();

    @TempDir
    Path folder;

    @Test
    void every_token_opens_what_it_opened_and_nothing_stays_on_the_sessions() {
        PgBouncer.require();
        try (SqliteApp file = SqliteApp.make(folder, "multi");
                PostgresApp server = PostgresApp.empty();
                PgBouncer pooler = PgBouncer.start()) {
            String url = pooler.in(server.url());
            tokens.addAll(file.all("SELECT auth_token FROM user_sessions").stream()
                    .map(String::valueOf)
                    .toList());
            tokens.add("x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU");
            for (int round = 0; round < 3; round++) {
                use(file.claim());
                CopyReport report = copy().toPostgres(file.path(), claim(url));
                assertThat(report.isSame()).isTrue();
                assertThat(server.all(LEFT)).isEmpty();
                assertThat(opened(claim(url))).isEqualTo(opened(file.claim())).contains(42L, (Long) null);
            }
            use(claim(url));
            Path back = folder.resolve("back.db");
            assertThat(copy().toSqlite(claim(url), back).isSame()).isTrue();
            assertThat(server.all(LEFT)).isEmpty();
            try (SqliteApp made = SqliteApp.open(back)) {
                assertThat(opened(made.claim())).isEqualTo(opened(claim(url))).contains(42L, (Long) null);
            }
            try (PostgresApp another = PostgresApp.at(url)) {
                assertThat(another.one("SELECT concat_ws(' ', current_setting('session_replication_role'),"
                                + " current_setting('statement_timeout'), current_setting('transaction_isolation'))"))
                        .isEqualTo("origin 0 read committed");
            }
        }
    }

    private static Source claim(String url) {
        return PostgresServer.at(url, "postgres", "");
    }

    private DatabaseCopy copy() {
        return new DatabaseCopy(clock, Progress.NONE, true);
    }

    /** Two more, of which one ends. */
    private void use(Source database) {
        try (NewApp app = NewApp.deploy(database, clock)) {
            tokens.add(app.signIn("+79991234567"));
            tokens.add(app.signIn("+79991234567"));
            app.signOut(tokens.get(tokens.size() - 1));
        }
    }

    private List<@Nullable Long> opened(Source database) {
        try (NewApp app = NewApp.deploy(database, clock)) {
            List<@Nullable Long> opened = new ArrayList<>();
            tokens.forEach(token -> opened.add(app.opens(token)));
            return opened;
        }
    }
}
