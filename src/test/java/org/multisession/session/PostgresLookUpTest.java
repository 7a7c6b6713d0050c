package org.multisession.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;
import org.multisession.token.SessionToken;

/** What a look-up on PostgreSQL reads, and what it believes: the short one there leaves some of it to a longer one. */
class PostgresLookUpTest extends LookUpContract {

    @Override
    PostgresApp single() {
        return PostgresApp.makeMigrated("single");
    }

    @Override
    int ofALegacyToken() {
        return 2;
    }

    @Override
    int ofAnEndedToken() {
        return 2;
    }

    /** It is looked for as a session and as a legacy token; the third asks whether a sign-in has adopted it in between. */
    @Override
    int ofAnUnknownToken() {
        return 3;
    }

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

    @Test
    void who_got_another_number_while_nobody_watched_is_not_let_in() {
        try (PostgresApp old = PostgresApp.makeMigrated("multi");
                NewApp app = NewApp.deploy(old.claim(), new TestClock())) {
            long anna = old.addUser("+79990000001", "annas-old-token");
            String annas = app.signIn("+79990000001");
            assertThat(app.opens(annas)).isEqualTo(anna);
            old.run("ALTER TABLE users DISABLE TRIGGER USER");
            assertThat(app.opens(annas)).isEqualTo(anna);
            old.run("UPDATE users SET phone = '+79990000002' WHERE id = ?", anna);
            assertThat(sessionOf(app, annas)).isNull();
        }
    }

    @Test
    void whose_number_tells_nothing_is_let_in_as_long_as_the_triggers_are_there() {
        try (PostgresApp old = PostgresApp.makeMigrated("multi");
                NewApp app = NewApp.deploy(old.claim(), new TestClock())) {
            long reception = old.addUser("reception", null);
            old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (?, 'at-the-desk')", reception);
            assertThat(app.opens("at-the-desk")).isEqualTo(reception);
            old.run("ALTER TABLE users DISABLE TRIGGER USER");
            assertThat(sessionOf(app, "at-the-desk")).isNull();
        }
    }

    private static @Nullable UserSession sessionOf(NewApp app, String token) {
        return app.database.find(handle -> new UserSessionDao(Stage.COEXIST).find(handle, new SessionToken(token)));
    }

    private static long read(NewApp app) {
        return app.database.read(PostgresLookUpTest::read);
    }

    private static long read(Handle handle) {
        boolean unused = handle.query(REPORT).exists();
        return handle.query(READ).one(row -> row.number("read"));
    }
}
