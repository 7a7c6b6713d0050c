package org.multisession.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;

/** What a look-up reads on PostgreSQL, where the server decides by its statistics how it finds a row. */
class PostgresLookUpTest {

    private static final int MANY = 300;

    /** Each is run in a transaction of its own, after which a connection reports what it has read. */
    private static final Sql REPORT = Sql.once("report what was read", "SELECT pg_stat_force_next_flush()");

    private static final Sql READ = Sql.of("rows of sessions that were read", """
            SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS read
            FROM pg_stat_user_tables WHERE relname = 'user_sessions'
            """);

    @Test
    void a_look_up_reads_one_session_however_many_its_user_has() {
        try (PostgresApp old = PostgresApp.makeMigrated("multi")) {
            // As far as the server knows, everybody has one session: the way by the user looks as short as by the
            // token.
            old.run(
                    "INSERT INTO users (id, phone) SELECT 1000 + i, '+79' || lpad(i::TEXT, 9, '0')"
                            + " FROM generate_series(1, ?) i",
                    10 * MANY);
            old.run(
                    "INSERT INTO user_sessions (user_id, auth_token) SELECT 1000 + i, 'token' || i"
                            + " FROM generate_series(1, ?) i",
                    10 * MANY);
            old.run("VACUUM ANALYZE");
            old.run(
                    "INSERT INTO user_sessions (user_id, auth_token) SELECT 1001, 'another' || i"
                            + " FROM generate_series(1, ?) i",
                    MANY);
            try (NewApp app = NewApp.deploy(old.claim(), new TestClock())) {
                long before = read(app);
                int looks = 20;
                for (int i = 1; i <= looks; i++) {
                    assertThat(app.opens("another" + i)).isEqualTo(1001);
                }
                assertThat(read(app) - before).isBetween((long) looks, 3L * looks);
            }
        }
    }

    private static long read(NewApp app) {
        return app.database.read(PostgresLookUpTest::read);
    }

    private static long read(Handle handle) {
        boolean unused = handle.query(REPORT).exists();
        return handle.query(READ).one(row -> row.number("read"));
    }
}
