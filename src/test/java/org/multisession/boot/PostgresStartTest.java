package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.config.SettingSources;
import org.multisession.config.Settings;
import org.multisession.config.SetupRefusedException;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Source;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.migration.Migration;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.Progress;
import org.multisession.testing.LogLines;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;

/** A start on PostgreSQL, as far as it needs no Tomcat: what it makes, and what it refuses with which words. */
class PostgresStartTest {

    private final TestClock clock = new TestClock();
    private final Map<String, String> keys = new HashMap<>();
    private PostgresApp old = PostgresApp.make("multi");

    @AfterEach
    void close() {
        old.close();
    }

    private void use(PostgresApp another) {
        old.close();
        old = another;
    }

    private Migration.Outcome start() {
        return start(old.url(), "postgres");
    }

    private Migration.Outcome start(String url, String user) {
        keys.put("multisession.db.url", url);
        keys.put("multisession.db.user", user);
        Settings settings = Settings.read(new SettingSources(Map.of(), Map.of(), Map.of(), keys))
                .settings();
        LockRetry retry = new LockRetry(clock, Duration.ofMillis(-1));
        try (Source source = Sources.claim(settings.database(), settings.createDatabase(), "/");
                Database database =
                        retry.until(() -> Database.open(source, settings.poolSize(), Duration.ofSeconds(2)))) {
            return new MigrationRun(settings, database, clock, retry, Progress.NONE).migrate();
        }
    }

    @Test
    void the_first_start_makes_what_is_missing_tries_a_sign_in_and_leaves_nothing_of_it() {
        String users = old.rows("users");
        String sessions = old.rows("user_sessions");
        try (LogLines log = new LogLines()) {
            assertThat(start().made()).contains("multisession_tokens", "multisession_users_auth_token");
            assertThat(log.all())
                    .anyMatch(line -> line.contains("tried out and undone: a sign-in, a second device and a sign-out"));
        }
        assertThat(old.rows("users")).isEqualTo(users);
        assertThat(old.rows("user_sessions")).isEqualTo(sessions);
        assertThat(old.one("SELECT count(*) FROM multisession_tokens WHERE ended_at IS NOT NULL"))
                .isEqualTo("0");
        assertThat(start().made()).isEmpty();
    }

    /** The owner has to run it, and would take "nothing to do" for the wrong database. */
    @Test
    void an_upgrade_that_only_replaces_functions_and_triggers_is_told_of_and_the_next_start_finds_nothing_to_do() {
        start();
        old.run("UPDATE multisession_state SET value = 'earlier' WHERE name = 'schema'");
        assertThat(start().made()).containsExactly("what this version says otherwise than the one before");
        assertThat(start().made()).isEmpty();
    }

    @Test
    void a_database_on_which_nobody_could_sign_in_is_refused_and_counts_for_nothing() {
        old.run("ALTER TABLE user_sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';"
                + " ALTER TABLE user_sessions ALTER COLUMN device DROP DEFAULT");
        assertThatThrownBy(this::start)
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessageContaining("a sign-in cannot work on this database in stage coexist")
                .hasMessageContaining("null value in column \"device\"")
                .message()
                .doesNotContain("79991234567");
        assertThat(old.one("SELECT count(*) FROM multisession_state WHERE name = 'migrated'"))
                .isEqualTo("0");
        old.run("ALTER TABLE user_sessions ALTER COLUMN device SET DEFAULT ''");
        start();
        old.run("ALTER TABLE user_sessions ALTER COLUMN device DROP DEFAULT");
        assertThatThrownBy(this::start).isInstanceOf(MigrationRefusedException.class);
    }

    @Test
    void every_fault_of_the_tables_is_named_at_once() {
        use(PostgresApp.makeBy("CREATE TABLE users (id UUID PRIMARY KEY);"
                + " CREATE TABLE user_sessions (id INTEGER, auth_token TEXT, user_id INTEGER, last_seen_at TEXT)"));
        assertThatThrownBy(this::start)
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessage("4 things are in the way:"
                        + "\n  1. the table users lacks the columns phone, auth_token"
                        + "\n  2. users.id is of the type uuid, not a whole number"
                        + "\n  3. the table user_sessions lacks the columns created_at"
                        + "\n  4. user_sessions.last_seen_at is of the type text. It must be timestamp, as SQLAlchemy's"
                        + " DateTime makes it");
        assertThat(old.one("SELECT count(*) FROM pg_class WHERE relname LIKE 'multisession%'"))
                .isEqualTo("0");
    }

    /** A trigger that could not note what it sees would fail the old app's sign-ins and sign-outs. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ALTER id DROP DEFAULT, ALTER id TYPE UUID USING gen_random_uuid(), ALTER id SET DEFAULT gen_random_uuid()"
                        + " | user_sessions.id is of the type uuid, not a whole number",
                "DROP CONSTRAINT user_sessions_user_id_fkey, ALTER user_id TYPE NUMERIC"
                        + " | user_sessions.user_id is of the type numeric, not a whole number",
                "ALTER auth_token TYPE UUID USING gen_random_uuid()"
                        + " | user_sessions.auth_token is of the type uuid, and it must be a text"
            })
    void a_type_that_our_triggers_cannot_note_is_refused_before_there_are_any_and_the_old_app_goes_on(
            String change, String reason) {
        old.run("ALTER TABLE user_sessions " + change);
        assertThatThrownBy(this::start)
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessage(reason);
        old.run(
                "INSERT INTO user_sessions (user_id, auth_token) VALUES (45, ?)",
                "6fa459ea-ee8a-3ca4-894e-db77e160355e");
        assertThat(old.run("DELETE FROM user_sessions WHERE user_id = 45")).isEqualTo(1);
    }

    @Test
    void ids_and_tokens_of_types_of_the_teams_own_making_are_taken() {
        old.run("CREATE DOMAIN identity AS INTEGER; CREATE DOMAIN secret AS VARCHAR(128);"
                + " ALTER TABLE users ALTER auth_token TYPE secret;"
                + " ALTER TABLE user_sessions ALTER user_id TYPE identity, ALTER auth_token TYPE secret");
        assertThat(start().made()).isNotEmpty();
    }

    @Test
    void users_in_tables_that_inherit_are_refused_because_no_session_could_refer_to_them() {
        old.run("CREATE TABLE customers (company TEXT) INHERITS (users);"
                + " INSERT INTO customers (id, phone) VALUES (9000, '+79991239000')");
        assertThatThrownBy(this::start)
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessage(
                        "rows of users may be in customers (INHERITS), where no trigger and no foreign key of users sees"
                                + " them. They must be in one table");
        assertThat(old.one("SELECT count(*) FROM pg_class WHERE relname LIKE 'multisession%'"))
                .isEqualTo("0");
    }

    @Test
    void users_to_whose_id_no_session_could_refer_are_refused_with_what_to_do() {
        use(PostgresApp.make("single"));
        old.run("ALTER TABLE users DROP CONSTRAINT users_pkey");
        assertThatThrownBy(this::start)
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessage(
                        "users.id is no key, so the table user_sessions cannot refer to it. Make it one: ALTER TABLE"
                                + " users ADD PRIMARY KEY (id), or ADD UNIQUE (id)");
        old.run("ALTER TABLE users ADD UNIQUE (id)");
        assertThat(start().made()).contains("user_sessions");
    }

    @Test
    void users_whom_row_level_security_hides_from_the_account_are_not_signed_out_but_the_deploy_is_refused() {
        old.run("DROP ROLE IF EXISTS tenants; CREATE ROLE tenants LOGIN; ALTER TABLE users OWNER TO tenants;"
                + " ALTER TABLE user_sessions OWNER TO tenants; GRANT CREATE ON SCHEMA public TO tenants;"
                + " ALTER TABLE users ENABLE ROW LEVEL SECURITY; ALTER TABLE users FORCE ROW LEVEL SECURITY;"
                + " CREATE POLICY one_tenant ON users USING (id = 42)");
        try {
            assertThatThrownBy(() -> start(old.url(), "tenants"))
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessage("row-level security of the table users may hide rows from the account tenants. Migrate"
                            + " once with an account that sees them all (ALTER ROLE … BYPASSRLS)");
            old.run("ALTER ROLE tenants BYPASSRLS");
            start(old.url(), "tenants");
            assertThat(old.one("SELECT count(*) FROM multisession_tokens WHERE ended_at IS NULL"))
                    .isEqualTo("4");
        } finally {
            old.run("DROP OWNED BY tenants CASCADE; DROP ROLE tenants");
        }
    }

    /** The server would compare a padded token blank-blind, as the old app does; we compare texts, and hash them. */
    @Test
    void a_column_that_fills_tokens_up_with_blanks_is_refused_with_what_to_do() {
        use(PostgresApp.make("multi"));
        String users = old.rows("users");
        old.run("ALTER TABLE users ALTER COLUMN auth_token TYPE CHAR(64)");
        assertThatThrownBy(this::start)
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessage(
                        "users.auth_token is of the type character(64), which fills a token up with blanks. Give it the"
                                + " type varchar(64)");
        old.run("ALTER TABLE users ALTER COLUMN auth_token TYPE varchar(64)");
        assertThat(start().made()).isNotEmpty();
        assertThat(old.rows("users")).isEqualTo(users);
    }

    @Test
    void no_empty_table_is_made_beside_the_real_one() {
        use(PostgresApp.makeBy("CREATE SCHEMA app; CREATE TABLE app.users (id INTEGER)"));
        assertThatThrownBy(this::start)
                .hasMessage("the table users is in the schema app, which the account postgres does not reach. Use ALTER"
                        + " ROLE postgres SET search_path = app and GRANT USAGE ON SCHEMA app");
        use(PostgresApp.makeBy("CREATE TABLE orders (id INTEGER)"));
        assertThatThrownBy(this::start)
                .hasMessage("the database has tables, but no table users. Check multisession.db.url");
        use(PostgresApp.empty());
        assertThat(start().made()).contains("users", "user_sessions");
    }

    @Test
    void a_registration_that_could_not_fill_a_column_is_refused() {
        keys.put("multisession.login.registration", "open");
        old.run("ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT 'x';"
                + " ALTER TABLE users ALTER COLUMN email DROP DEFAULT");
        assertThatThrownBy(this::start)
                .isInstanceOf(SetupRefusedException.class)
                .hasMessageContaining("a new row of users needs a value for email");
    }

    @Test
    void an_account_a_password_a_database_and_a_server_that_are_wrong_are_refused_with_what_to_do() {
        old.run("DROP ROLE IF EXISTS locked; CREATE ROLE locked LOGIN PASSWORD 'right'");
        PostgresApp.requirePasswordOf("locked");
        assertThatThrownBy(() -> start(old.url(), "locked"))
                // A wait for the server would not bring one.
                .isNotInstanceOf(DatabaseBusyException.class)
                .hasMessageContaining("does not take this connection (")
                .hasMessageContaining("no password was provided). Check multisession.db.url, multisession.db.user and")
                .hasMessageContaining("multisession.db.password");
        assertThatThrownBy(() -> start(old.url() + "?sslmode=require", "postgres"))
                .hasMessageContaining("does not take this connection (The server does not support SSL). Check");
        keys.put("multisession.db.password", "s3cret");
        assertThatThrownBy(() -> start(old.url(), "locked"))
                .isInstanceOf(DatabaseException.class)
                .hasMessageContaining(
                        "does not let this account in (password authentication failed for user \"locked\")")
                .hasMessageContaining("Check multisession.db.user and multisession.db.password")
                .message()
                .doesNotContain("s3cret");
        assertThatThrownBy(() -> start(old.url() + "x", "postgres"))
                .hasMessageContaining("there is no such database")
                .hasMessageContaining("Check multisession.db.url");
        assertThatThrownBy(() -> start("jdbc:postgresql://127.0.0.1:1/app", "postgres"))
                .isInstanceOf(DatabaseBusyException.class)
                .hasMessageContaining("cannot be reached (Connection to 127.0.0.1:1 refused)")
                .hasMessageContaining("Check that the server runs");
        assertThatThrownBy(() -> start("jdbc:postgresql://no-such-host.invalid/app", "postgres"))
                .hasMessageContaining("unknown host no-such-host.invalid");
    }

    @Test
    void an_account_without_rights_is_told_which() {
        old.run("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN");
        try {
            assertThatThrownBy(() -> start(old.url(), "guest"))
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessageContaining("1. the account guest may make no table in this schema")
                    .hasMessageContaining("2. the account guest does not own the table users")
                    .hasMessageContaining("3. the account guest does not own the table user_sessions");
        } finally {
            old.run("DROP ROLE guest");
        }
    }

    @Test
    void the_account_of_every_day_needs_only_what_the_document_lists() {
        List<String> grants = GrantsOfTheDocument.statements("multisession_app");
        old.run("DROP ROLE IF EXISTS multisession_app; CREATE ROLE multisession_app LOGIN");
        start();
        grants.forEach(old::run);
        assertThat(old.all("SELECT relname FROM pg_class WHERE relkind IN ('r', 'v') AND relname LIKE 'multisession%'"
                        + " AND NOT has_table_privilege('multisession_app', oid, 'INSERT')"))
                .as("tables that the document forgets")
                .isEmpty();
        try {
            keys.put("multisession.login.registration", "open");
            assertThat(start(old.url(), "multisession_app").made()).isEmpty();
            try (NewApp app = NewApp.deployOpen(PostgresServer.at(old.url(), "multisession_app", null), clock)) {
                String token = app.signIn("+7 999 123-45-67");
                String unknown = app.signIn("+7 999 765-43-21");
                assertThat(app.opens(token)).isEqualTo(42);
                app.signOut(token);
                assertThat(app.opens(token)).isNull();
                assertThat(app.opens(unknown)).isNotNull();
                app.lastSeen.flush();
                app.sweeper.run();
                app.heartbeat.beat();
                clock.advance(Duration.ofDays(1));
                app.heartbeat.beat();
                app.forgetting.run();
                assertThat(old.one("SELECT count(*) FROM multisession_state WHERE name = 'tokens-looked-for'"))
                        .isEqualTo("1");
            }
            // As after an upgrade, where only the earlier version's tables were granted.
            old.run("REVOKE ALL ON multisession_absent_tokens FROM multisession_app");
            assertThatThrownBy(() -> start(old.url(), "multisession_app"))
                    .isInstanceOf(DatabaseException.class)
                    .hasMessageContaining("permission denied for table multisession_absent_tokens");
            assertThatThrownBy(() -> {
                        try (PostgresApp restricted = old.another()) {
                            restricted.run("SET ROLE multisession_app");
                            restricted.run("UPDATE users SET phone = '1'");
                        }
                    })
                    .isInstanceOf(AssertionError.class);
        } finally {
            old.run("DROP OWNED BY multisession_app; DROP ROLE multisession_app");
        }
    }
}
