package org.multisession.migration.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.Pacing;
import org.multisession.migration.Progress;
import org.multisession.migration.Trial;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.TestClock;
import org.multisession.testing.TwoNodes;
import org.multisession.token.TokenHash;

class PostgresMigratorTest {

    private static final String ANNAS_OLD_COOKIE = "old_token_xyz123";
    private static final String SESSION = "-A6tUtDu7WZs9HQH3FEG9lQoOs3fMdH5sthHDXX5nQo";

    /** What is noted of our triggers. */
    private static final String NUMBERS =
            "SELECT value FROM multisession_state WHERE name LIKE 'multisession%' ORDER BY name";

    private final TestClock clock = new TestClock();
    private PostgresApp old;

    @BeforeEach
    void make() {
        old = PostgresApp.make("multi");
    }

    private void use(PostgresApp another) {
        old.close();
        old = another;
    }

    @AfterEach
    void close() {
        old.close();
    }

    @Test
    void a_migration_changes_nothing_of_users_and_a_second_one_nothing_at_all() {
        String users = old.rows("users");
        String sessions = old.rows("user_sessions");
        deploy();
        assertThat(old.rows("users")).isEqualTo(users);
        assertThat(old.rows("user_sessions")).isEqualTo(sessions);
        String once =
                old.rows("multisession_tokens") + old.rows("multisession_accounts") + old.rows("multisession_rows");
        String schema = schema();
        deploy();
        assertThat(schema()).isEqualTo(schema);
        assertThat(old.rows("multisession_tokens") + old.rows("multisession_accounts") + old.rows("multisession_rows"))
                .isEqualTo(once);
    }

    @Test
    void an_empty_database_gets_the_teams_table_too_and_works() {
        use(PostgresApp.empty());
        try (NewApp app = NewApp.deployOpen(old.claim(), clock)) {
            String token = app.signIn("+7 999 123-45-67");
            assertThat(app.opens(token)).isNotNull();
        }
        assertThat(old.all("SELECT name FROM multisession_created"))
                .containsExactlyInAnyOrder(
                        "auth_events",
                        "idx_user_session_auth_token",
                        "idx_user_session_user_id",
                        "user_sessions",
                        "users");
    }

    /** Several times: it is a matter of moments which of them is first at each object. */
    @RepeatedTest(10)
    void two_nodes_that_deploy_at_once_migrate_once_and_both_serve() {
        List<NewApp> nodes = TwoNodes.atOnce(
                List.of(() -> NewApp.deploy(old.claim(), clock), () -> NewApp.deploy(old.claim(), clock)));
        for (NewApp node : nodes) {
            assertThat(node.opens(SESSION)).isEqualTo(44);
            node.close();
        }
    }

    @Test
    void what_a_killed_migration_has_left_is_gone_on_with_and_what_ended_meanwhile_stays_ended() {
        deploy();
        // As after a kill between the triggers and the rows that were there before.
        old.run("DELETE FROM multisession_state WHERE name = 'migrated'");
        old.run("INSERT INTO multisession_state VALUES ('migration', 'begun', now())");
        old.run("DELETE FROM multisession_tokens; DELETE FROM multisession_rows; DELETE FROM multisession_accounts;"
                + " DELETE FROM multisession_phones");
        old.run("DROP INDEX multisession_users_auth_token");
        old.signOut(SESSION);
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens("xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic")).isEqualTo(42);
            old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (44, ?)", SESSION);
            assertThat(app.opens(SESSION)).isNull();
        }
        assertThat(old.one("SELECT count(*) FROM multisession_state WHERE name = 'migration'"))
                .isEqualTo("0");
    }

    @Test
    void an_uninstall_takes_away_what_a_migration_made_that_was_cut_off() {
        use(PostgresApp.make("single"));
        String before = old.dump();
        old.run("CREATE FUNCTION cut_off() RETURNS event_trigger LANGUAGE plpgsql AS"
                + " 'BEGIN RAISE EXCEPTION ''cut off''; END';"
                + " CREATE EVENT TRIGGER cut_off ON ddl_command_start WHEN TAG IN ('CREATE TRIGGER')"
                + " EXECUTE FUNCTION cut_off()");
        assertThatThrownBy(this::deploy).hasMessageContaining("cut off");
        old.run("DROP EVENT TRIGGER cut_off; DROP FUNCTION cut_off()");
        assertThat(old.one("SELECT count(*) FROM user_sessions")).isEqualTo("0");
        try (Database database = Database.open(old.claim(), 2, Duration.ofSeconds(5))) {
            PostgresUninstaller uninstaller = new PostgresUninstaller(database);
            uninstaller.uninstall(false, uninstaller.look(false));
        }
        assertThat(old.dump()).isEqualTo(before);
    }

    @Test
    void whoever_keeps_users_locked_while_it_makes_its_tables_makes_nobody_else_wait() throws Exception {
        use(PostgresApp.make("single"));
        try (PostgresApp holder = old.another();
                PostgresApp other = old.another();
                Database database = Database.open(old.claim(), 2, Duration.ofSeconds(5))) {
            holder.run("BEGIN; UPDATE users SET plan = 'pro' WHERE id = 42");
            CompletableFuture<Void> migration =
                    CompletableFuture.runAsync(() -> new PostgresMigrator(database, clock).migrate());
            makesNobodyElseWait(migration, other);
            holder.run("COMMIT");
            migration.get(60, TimeUnit.SECONDS);
        }
        assertThat(old.one("SELECT count(*) FROM multisession_state WHERE name = 'migrated'"))
                .isEqualTo("1");
    }

    @Test
    void whoever_keeps_one_row_locked_while_rows_are_noted_makes_nobody_else_wait() throws Exception {
        use(PostgresApp.make("single"));
        try (PostgresApp holder = old.another();
                PostgresApp other = old.another();
                Database database = Database.open(old.claim(), 2, Duration.ofSeconds(5))) {
            CompletableFuture<Void> held = new CompletableFuture<>();
            Progress progress = (step, done, total) -> {
                if (step.equals("noting users") && !held.isDone()) {
                    holder.run("BEGIN; UPDATE users SET plan = 'pro' WHERE id = (SELECT max(id) FROM users)");
                    held.complete(null);
                }
            };
            CompletableFuture<Void> migration = CompletableFuture.runAsync(
                    () -> new PostgresMigrator(database, clock, progress, Trial.NONE, Pacing.besideOthers()).migrate());
            held.get(60, TimeUnit.SECONDS);
            makesNobodyElseWait(migration, other);
            holder.run("COMMIT");
            migration.get(60, TimeUnit.SECONDS);
        }
        assertThat(old.one("SELECT count(*) FROM multisession_accounts"))
                .isEqualTo(old.one("SELECT count(*) FROM users"));
    }

    private void makesNobodyElseWait(CompletableFuture<Void> migration, PostgresApp other) {
        other.run("SET lock_timeout = '2s'");
        for (int i = 0; i < 3; i++) {
            awaitThatItWaits(migration);
            other.run("UPDATE users SET plan = 'basic' WHERE id = 43");
        }
    }

    private void awaitThatItWaits(CompletableFuture<Void> migration) {
        while (old.one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND wait_event_type = 'Lock' AND application_name = 'Multi-Session'")
                .equals("0")) {
            assertThat(migration).isNotDone();
            Thread.onSpinWait();
        }
    }

    @Test
    void an_index_that_a_kill_has_left_half_made_is_made_anew() {
        use(PostgresApp.make("single"));
        deploy();
        old.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'multisession_users_auth_token'::regclass");
        deploy();
        assertThat(old.one("SELECT indisvalid FROM pg_index"
                        + " WHERE indexrelid = 'multisession_users_auth_token'::regclass"))
                .isEqualTo("t");
    }

    @Test
    void a_database_that_does_not_fit_is_refused_and_nothing_counts() {
        use(PostgresApp.makeBy("CREATE TABLE users (id UUID PRIMARY KEY, phone TEXT, auth_token TEXT)"));
        assertThatThrownBy(this::deploy)
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessageContaining("users.id is of the type uuid");
        old.run("DROP TABLE users; CREATE TABLE users (id INTEGER PRIMARY KEY)");
        assertThatThrownBy(this::deploy)
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessageContaining("lacks the columns phone, auth_token");
    }

    @Test
    void while_a_trigger_is_switched_off_nothing_is_written_and_the_next_deploy_ends_what_cannot_be_told() {
        use(PostgresApp.make("single"));
        String phone;
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            phone = app.signIn("+7 999 123-45-67");
            old.run("ALTER TABLE user_sessions DISABLE TRIGGER multisession_session_deleted");
            assertThatThrownBy(() -> app.signIn("+7 999 123-45-68")).isInstanceOf(DatabaseBusyException.class);
            old.signOut(phone);
            app.kill();
        }
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, ?)", phone);
            assertThat(app.opens(phone)).isNull();
            assertThat(app.opens(ANNAS_OLD_COOKIE)).isEqualTo(42);
            app.signIn("+7 999 123-45-68");
        }
    }

    /** As Alembic does it, in one transaction: the triggers go with the old table. */
    @Test
    void after_a_table_was_made_anew_a_migration_by_itself_lets_the_running_application_write_again() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            old.run("""
                    BEGIN;
                    CREATE TABLE anew (LIKE user_sessions INCLUDING ALL);
                    ALTER TABLE anew ADD FOREIGN KEY (user_id) REFERENCES users (id);
                    INSERT INTO anew SELECT * FROM user_sessions;
                    ALTER SEQUENCE user_sessions_id_seq OWNED BY anew.id;
                    DROP TABLE user_sessions;
                    ALTER TABLE anew RENAME TO user_sessions;
                    COMMIT
                    """);
            assertThatThrownBy(() -> app.signIn("+7 999 123-45-68"))
                    .isInstanceOf(DatabaseBusyException.class)
                    .hasMessageContaining("Run the command migrate");
            assertThat(app.opens(SESSION)).isEqualTo(44);
            migrateAlone();
            String token = app.signIn("+7 999 123-45-68");
            assertThat(app.opens(token)).isEqualTo(43);
            assertThat(app.opens(SESSION)).isEqualTo(44);
            old.signOut(SESSION);
            assertThat(app.opens(SESSION)).isNull();
        }
    }

    /** A copy of users is changed and put in its place, which takes our triggers away. */
    private static String rebuildingUsers(String changes) {
        return """
                BEGIN;
                CREATE TABLE anew (LIKE users INCLUDING ALL);
                INSERT INTO anew SELECT * FROM users;
                %s;
                ALTER SEQUENCE users_id_seq OWNED BY anew.id;
                DROP TABLE users CASCADE;
                ALTER TABLE anew RENAME TO users;
                COMMIT
                """.formatted(changes);
    }

    /** P1: as it stands there it opens nothing, and whoever has the token that it is of is somebody else. */
    @Test
    void a_hash_in_users_that_came_in_unseen_ends_nobodys_token() {
        old.addUserAs(5001, "+79990005001", "of-somebody");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            String triggers = old.triggers("user_sessions");
            old.run(old.dropsOfTriggers("user_sessions"));
            old.signInSingle(42, TokenHash.of("of-somebody"));
            old.run(triggers);
            migrateAlone();
            assertThat(app.opens(TokenHash.of("of-somebody"))).isNull();
            assertThat(app.opens("of-somebody")).isEqualTo(5001);
        }
    }

    @Test
    void a_number_that_a_rebuild_wrote_in_another_way_is_the_same_account_and_another_number_is_not() {
        String token;
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            token = app.signIn("+7 999 123-45-68");
            assertThat(app.opens(SESSION)).isEqualTo(44);
        }
        old.run(rebuildingUsers("UPDATE anew SET phone = '8 (999) 123-45-68' WHERE id = 43;"
                + " UPDATE anew SET phone = '8 (999) 123-45-00' WHERE id = 44"));
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(token)).isEqualTo(43);
            assertThat(app.opens(SESSION)).isNull();
        }
    }

    /** P3: the row has the number again that was noted, and is somebody else's all the same. */
    @Test
    void numbers_that_are_exchanged_before_the_repair_open_nothing_of_who_had_those_ids() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            old.addUserAs(5001, "+79990005001", null);
            old.addUserAs(5002, "+79990005002", null);
            String one = app.signIn("+79990005001");
            String other = app.signIn("+79990005002");
            String renumbering = rebuildingUsers("UPDATE anew SET id = -id WHERE id IN (5001, 5002);"
                    + " UPDATE anew SET id = CASE id WHEN -5001 THEN 5002 ELSE 5001 END WHERE id < 0");
            old.run(old.puttingTriggersBack("users", renumbering));
            old.run("UPDATE users SET phone = '+79990005003' WHERE id = 5001;"
                    + " UPDATE users SET phone = '+79990005002' WHERE id = 5002;"
                    + " UPDATE users SET phone = '+79990005001' WHERE id = 5001");
            migrateAlone();
            assertThat(app.opens(one)).isNull();
            assertThat(app.opens(other)).isNull();
            assertThat(app.opens(app.signIn("+79990005001"))).isEqualTo(5001);
        }
    }

    /** P3: nobody watched meanwhile, and Anna's id may be somebody else's. */
    @Test
    void a_cookie_opens_nobody_elses_account_where_users_was_numbered_anew_and_our_triggers_put_back() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            old.addUserAs(5001, "nobody's", null);
            old.addUserAs(5002, "somebody's", null);
            old.signInMulti(5001, "of-nobody", clock.instant());
            String token = app.signIn("+7 999 123-45-68");
            assertThat(app.opens("of-nobody")).isEqualTo(5001);
            String renumbering = rebuildingUsers("UPDATE anew SET id = -id WHERE id IN (43, 44, 5001, 5002);"
                    + " UPDATE anew SET id = CASE id WHEN -43 THEN 44 WHEN -44 THEN 43 WHEN -5001 THEN 5002 ELSE 5001 END"
                    + " WHERE id < 0");
            old.run(old.puttingTriggersBack("users", renumbering));
            assertThat(old.one("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'users'::regclass"
                            + " AND tgname = 'multisession_user_inserted'"))
                    .isEqualTo("1");
            for (String each : List.of("of-nobody", token, SESSION)) {
                assertThatThrownBy(() -> app.opens(each)).isInstanceOf(DatabaseBusyException.class);
            }
            assertThatThrownBy(() -> app.signIn("+7 999 123-45-68")).hasMessageContaining("Run the command migrate");
            migrateAlone();
            for (String each : List.of("of-nobody", token, SESSION)) {
                assertThat(app.opens(each)).isNull();
            }
            assertThat(app.opens("xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic")).isEqualTo(42);
            assertThat(app.opens(app.signIn("+7 999 123-45-68"))).isEqualTo(44);
        }
    }

    /** Whoever has the id now gets a number: it tells nothing of who had the id before. */
    @Test
    void a_number_that_somebody_gets_before_the_repair_opens_nothing_of_who_had_that_id() {
        old.run("DROP INDEX ix_users_phone");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            old.addUserAs(5001, "none", null);
            old.addUserAs(5002, "none", null);
            old.signInMulti(5001, "of-the-first", clock.instant());
            assertThat(app.opens("of-the-first")).isEqualTo(5001);
            String renumbering = """
                    BEGIN;
                    CREATE TABLE anew (LIKE users INCLUDING ALL);
                    INSERT INTO anew SELECT * FROM users;
                    UPDATE anew SET id = 6001 WHERE id = 5001;
                    UPDATE anew SET id = 5001 WHERE id = 5002;
                    UPDATE anew SET id = 5002 WHERE id = 6001;
                    ALTER SEQUENCE users_id_seq OWNED BY anew.id;
                    DROP TABLE users CASCADE;
                    ALTER TABLE anew RENAME TO users;
                    COMMIT
                    """;
            old.run(old.puttingTriggersBack("users", renumbering));
            old.run("UPDATE users SET phone = '+79990000001' WHERE id = 5001");
            old.run("UPDATE users SET phone = '+79990000002' WHERE id = 44");
            assertThat(app.opens(SESSION)).isEqualTo(44);
            assertThatThrownBy(() -> app.opens("of-the-first")).isInstanceOf(DatabaseBusyException.class);
            migrateAlone();
            assertThat(app.opens("of-the-first")).isNull();
            assertThat(app.opens(SESSION)).isEqualTo(44);
        }
    }

    /** It may be a session that was signed out and put back while nobody watched. */
    @Test
    void a_row_that_was_changed_unseen_is_not_believed_because_a_later_change_of_it_is_seen() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(SESSION)).isEqualTo(44);
            String annas = app.signIn("+7 999 123-45-67");
            old.run("ALTER TABLE user_sessions DISABLE TRIGGER USER");
            old.run("UPDATE user_sessions SET created_at = '2020-01-02 03:04:05.6' WHERE auth_token = ?", SESSION);
            old.run("ALTER TABLE user_sessions ENABLE TRIGGER USER");
            old.run("UPDATE user_sessions SET created_at = date_trunc('hour', created_at)");
            migrateAlone();
            assertThat(app.opens(SESSION)).isNull();
            assertThat(app.opens(annas)).isEqualTo(42);
        }
    }

    @Test
    void a_session_that_was_deleted_unseen_stays_out_when_its_row_is_put_back_before_the_repair() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(SESSION)).isEqualTo(44);
            String annas = app.signIn("+7 999 123-45-67");
            old.run("ALTER TABLE user_sessions DISABLE TRIGGER USER");
            old.signOut(SESSION);
            old.run("ALTER TABLE user_sessions ENABLE TRIGGER USER");
            old.signInMulti(44, SESSION, clock.instant());
            migrateAlone();
            assertThat(app.opens(SESSION)).isNull();
            assertThat(app.opens(annas)).isEqualTo(42);
        }
    }

    /** The row has another token by then, and what is noted of the first one goes with the row. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "DELETE FROM user_sessions WHERE auth_token = 'rotated'",
                "UPDATE user_sessions SET auth_token = 'next' WHERE auth_token = 'rotated'",
                "UPDATE user_sessions SET id = id + 1000 WHERE auth_token = 'rotated'",
                "INSERT INTO user_sessions (id, user_id, auth_token)"
                        + " SELECT id, user_id, 'next' FROM user_sessions WHERE auth_token = 'rotated'"
                        + " ON CONFLICT (id) DO UPDATE SET auth_token = excluded.auth_token"
            })
    void a_token_that_a_row_lost_unseen_stays_out_when_it_is_put_back_after_the_row_has_changed_again(String change) {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(SESSION)).isEqualTo(44);
            String annas = app.signIn("+7 999 123-45-67");
            loseTheTokenUnseen();
            old.run(change);
            old.signInMulti(44, SESSION, clock.instant());
            migrateAlone();
            assertThat(app.opens(SESSION)).isNull();
            assertThat(app.opens(annas)).isEqualTo(42);
        }
    }

    @Test
    void a_token_that_a_row_lost_unseen_stays_out_when_the_row_gets_it_back() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(SESSION)).isEqualTo(44);
            String annas = app.signIn("+7 999 123-45-67");
            loseTheTokenUnseen();
            old.run("UPDATE user_sessions SET auth_token = ? WHERE auth_token = 'rotated'", SESSION);
            migrateAlone();
            assertThat(app.opens(SESSION)).isNull();
            assertThat(app.opens(annas)).isEqualTo(42);
        }
    }

    private void loseTheTokenUnseen() {
        old.run("ALTER TABLE user_sessions DISABLE TRIGGER USER");
        old.run("UPDATE user_sessions SET auth_token = 'rotated' WHERE auth_token = ?", SESSION);
        old.run("ALTER TABLE user_sessions ENABLE TRIGGER USER");
    }

    /** As somebody does who shuts the app out while mending rows: no other table has the name meanwhile. */
    @Test
    void a_table_that_is_renamed_for_a_while_and_changed_is_watched_all_the_same() {
        old.run("ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_fkey");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(SESSION)).isEqualTo(44);
            old.run("ALTER TABLE users RENAME TO users_in_maintenance");
            old.run("UPDATE users_in_maintenance SET id = 9044 WHERE id = 44");
            old.run("UPDATE users_in_maintenance SET id = 44 WHERE id = 43");
            old.run("UPDATE users_in_maintenance SET id = 43 WHERE id = 9044");
            old.run("ALTER TABLE users_in_maintenance RENAME TO users");
            assertThat(app.opens(SESSION)).isNull();
            assertThat(app.opens(app.signIn("+7 999 123-45-68"))).isEqualTo(44);
        }
    }

    /** What a dump is restored to has other numbers in the catalogue throughout, even if some are given out again. */
    @Test
    void a_database_that_was_restored_from_a_dump_is_as_watched_as_before() {
        old.addUserAs(5001, "none", null);
        old.signInMulti(5001, "of-nobody", clock.instant());
        deploy();
        List<String> noted = old.all(NUMBERS);
        assertThat(noted).hasSize(14).doesNotHaveDuplicates();
        for (String other : List.of("'1 2 3 4'", "substring(value FROM '^[0-9]+ ') || '2 3 4'")) {
            old.run("UPDATE multisession_state SET value = " + other + " WHERE name LIKE 'multisession%'");
            try (NewApp app = NewApp.deploy(old.claim(), clock)) {
                assertThat(app.database.<List<String>>read(PostgresMigrator::missing))
                        .isEmpty();
                assertThat(app.opens("of-nobody")).isEqualTo(5001);
                assertThat(app.opens(SESSION)).isEqualTo(44);
                assertThat(old.all(NUMBERS)).isEqualTo(noted);
            }
        }
    }

    @Test
    void what_changes_nothing_of_our_triggers_leaves_them_as_watched_as_before() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            old.run(
                    "ALTER TABLE users RENAME COLUMN phone TO tel; ALTER TABLE users RENAME COLUMN tel TO phone;"
                            + " ALTER TABLE users ADD COLUMN note TEXT; ALTER TABLE users ALTER COLUMN note TYPE VARCHAR(9);"
                            + " ALTER TABLE users DROP COLUMN note; ALTER TABLE users ENABLE TRIGGER ALL;"
                            + " CREATE SCHEMA aside; ALTER TABLE users SET SCHEMA aside; ALTER TABLE aside.users SET SCHEMA public");
            for (String upkeep : List.of(
                    "VACUUM FULL users",
                    "CLUSTER user_sessions USING user_sessions_pkey",
                    "REINDEX TABLE users",
                    "VACUUM FREEZE pg_trigger",
                    "VACUUM FULL pg_trigger",
                    "VACUUM FULL pg_constraint")) {
                old.run(upkeep);
            }
            assertThat(app.opens(app.signIn("+7 999 123-45-68"))).isEqualTo(43);
        }
    }

    /** P3: as a script does that changes many rows at once. */
    @Test
    void
            a_cookie_opens_nobody_elses_account_where_our_triggers_were_switched_off_for_a_while_and_no_table_was_made_anew() {
        old.run("ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_fkey");
        old.addUserAs(5001, "nobody's", null);
        old.signInMulti(5001, "of-nobody", clock.instant());
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            String token = app.signIn("+7 999 123-45-68");
            assertThat(app.opens("of-nobody")).isEqualTo(5001);
            old.run("BEGIN; ALTER TABLE users DISABLE TRIGGER USER; DELETE FROM user_sessions WHERE user_id = 44;"
                    + " DELETE FROM users WHERE id = 44; UPDATE users SET phone = 'somebody''s' WHERE id = 5001;"
                    + " UPDATE users SET id = 44 WHERE id = 43; ALTER TABLE users ENABLE TRIGGER USER; COMMIT");
            for (String each : List.of("of-nobody", token)) {
                assertThatThrownBy(() -> app.opens(each)).isInstanceOf(DatabaseBusyException.class);
            }
            assertThatThrownBy(() -> app.signIn("+7 999 123-45-67")).hasMessageContaining("Run the command migrate");
            migrateAlone();
            for (String each : List.of("of-nobody", token, SESSION)) {
                assertThat(app.opens(each)).isNull();
            }
            assertThat(app.opens("xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic")).isEqualTo(42);
            assertThat(app.opens(app.signIn("+7 999 123-45-67"))).isEqualTo(42);
        }
    }

    /** P2: nobody saw that it was a session. */
    @Test
    void a_session_that_came_and_went_while_our_triggers_were_gone_for_a_while_is_no_legacy_token_afterwards() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            String triggers = old.triggers("user_sessions");
            old.run(old.dropsOfTriggers("user_sessions"));
            old.signInMulti(43, "came-and-went", clock.instant());
            old.signOut("came-and-went");
            old.run(triggers);
            assertThatThrownBy(() -> app.opens("came-and-went")).isInstanceOf(DatabaseBusyException.class);
            migrateAlone();
            assertThat(app.opens("came-and-went")).isNull();
            assertThat(app.opens(SESSION)).isEqualTo(44);
        }
    }

    /** P3: it was not watched while another one was in its place. */
    @Test
    void
            a_table_that_comes_back_after_another_one_was_in_its_place_and_was_changed_meanwhile_opens_nothing_that_cannot_be_told() {
        old.run("ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_fkey");
        old.addUserAs(5001, "nobody's", null);
        old.signInMulti(5001, "of-nobody", clock.instant());
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens("of-nobody")).isEqualTo(5001);
            old.run("CREATE TABLE other (LIKE users INCLUDING ALL); INSERT INTO other SELECT * FROM users");
            old.run("ALTER TABLE users RENAME TO former; ALTER TABLE other RENAME TO users");
            old.run("DELETE FROM user_sessions WHERE user_id = 44; UPDATE former SET id = 9044 WHERE id = 44;"
                    + " UPDATE former SET phone = 'somebody''s', id = 44 WHERE id = 43");
            old.run("ALTER TABLE users RENAME TO other; ALTER TABLE former RENAME TO users");
            assertThatThrownBy(() -> app.signIn("+7 999 123-45-67")).hasMessageContaining("Run the command migrate");
            migrateAlone();
            assertThat(app.opens("of-nobody")).isNull();
            assertThat(app.opens("xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic")).isEqualTo(42);
            assertThat(app.opens(app.signIn("+7 999 123-45-67"))).isEqualTo(42);
        }
    }

    /** P1: their rows live on in the tables that took their places. */
    @Test
    void whoever_empties_tables_that_were_moved_to_another_schema_ends_nobodys_session() {
        deploy();
        old.run(
                "CREATE SCHEMA archive; ALTER TABLE user_sessions SET SCHEMA archive; ALTER TABLE users SET SCHEMA archive;"
                        + " CREATE TABLE users (LIKE archive.users INCLUDING ALL); INSERT INTO users SELECT * FROM archive.users;"
                        + " CREATE TABLE user_sessions (LIKE archive.user_sessions INCLUDING ALL);"
                        + " INSERT INTO user_sessions SELECT * FROM archive.user_sessions");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(SESSION)).isEqualTo(44);
            old.run("DELETE FROM archive.user_sessions WHERE auth_token = ?", SESSION);
            assertThat(app.opens(SESSION)).isEqualTo(44);
            old.run("TRUNCATE archive.user_sessions; DELETE FROM archive.users; TRUNCATE archive.users CASCADE");
            assertThat(app.opens(SESSION)).isEqualTo(44);
            assertThat(app.opens(app.signIn("+7 999 123-45-68"))).isEqualTo(43);
        }
    }

    /** Whoever took the new table for the truth now would end every session for good. */
    @Test
    void a_table_that_somebody_is_making_anew_is_waited_for_and_ends_nobody() {
        deploy();
        for (String table : List.of("user_sessions", "users")) {
            old.run("ALTER TABLE " + table + " RENAME TO former");
            assertThatThrownBy(this::deploy).isInstanceOf(MigrationRefusedException.class);
            assertThat(old.one("SELECT count(*) FROM pg_tables WHERE tablename = ?", table))
                    .isEqualTo("0");
            old.run("CREATE TABLE " + table + " (LIKE former INCLUDING DEFAULTS INCLUDING INDEXES)");
            assertThatThrownBy(this::deploy)
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessageContaining("the table " + table + " is being made anew: former, which was in its place");
            old.run("INSERT INTO " + table + " SELECT * FROM former ORDER BY id LIMIT 2");
            assertThatThrownBy(this::deploy).hasMessageContaining("holds more");
            // The old app goes on meanwhile, and its rows are the last.
            old.run("INSERT INTO " + table + (table.equals("users") ? " (id, phone)" : " (id, user_id, auth_token)")
                    + (table.equals("users") ? " VALUES (9000, '+79991230000')" : " VALUES (9000, 42, 'meanwhile')"));
            assertThatThrownBy(this::deploy).hasMessageContaining("holds more");
            old.run("INSERT INTO " + table + " SELECT * FROM former ON CONFLICT DO NOTHING");
            old.run("ALTER SEQUENCE " + table + "_id_seq OWNED BY " + table + ".id; DROP TABLE former CASCADE");
            try (NewApp app = NewApp.deploy(old.claim(), clock)) {
                assertThat(app.opens(SESSION)).isEqualTo(44);
                assertThat(app.opens("xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic"))
                        .isEqualTo(42);
            }
        }
    }

    @Test
    void the_same_app_in_another_schema_is_no_table_that_is_being_made_anew() {
        deploy();
        old.run("CREATE SCHEMA staging; CREATE TABLE staging.users (LIKE users INCLUDING DEFAULTS INCLUDING INDEXES);"
                + " INSERT INTO staging.users (id, phone) VALUES (1, '+79991230001')");
        try (Database staging = Database.open(
                PostgresServer.at(old.url() + "?currentSchema=staging", "postgres", ""), 2, Duration.ofSeconds(5))) {
            new PostgresMigrator(staging, clock).migrate();
        } finally {
            old.run("DROP SCHEMA staging CASCADE");
        }
    }

    @Test
    void a_table_that_is_being_made_anew_is_waited_for_too_where_the_former_one_was_moved_to_another_schema() {
        deploy();
        old.run("CREATE SCHEMA archive; ALTER TABLE users SET SCHEMA archive;"
                + " CREATE TABLE users (LIKE archive.users INCLUDING ALL)");
        assertThatThrownBy(this::deploy)
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessageContaining("the table users is being made anew: archive.users, which was in its place");
        old.run("INSERT INTO users SELECT * FROM archive.users;"
                + " ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_fkey,"
                + " ADD FOREIGN KEY (user_id) REFERENCES users (id)");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(SESSION)).isEqualTo(44);
            assertThat(app.opens("xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic")).isEqualTo(42);
        }
    }

    /** Whoever came in by that path would get the other's sessions, and end those whose users are not among his. */
    @Test
    void a_search_path_that_leads_to_other_users_than_ours_is_refused_and_ends_nobodys_session() {
        deploy();
        old.run("CREATE SCHEMA tenant; CREATE TABLE tenant.users (LIKE users INCLUDING ALL);"
                + " INSERT INTO tenant.users SELECT * FROM users; UPDATE tenant.users SET phone = concat('+7888', id)");
        assertThatThrownBy(() -> NewApp.deploy(
                        PostgresServer.at(old.url() + "?currentSchema=tenant,public", "postgres", ""), clock))
                .isInstanceOf(MigrationRefusedException.class)
                .hasMessage("the search_path of the account leads to another table users than public.users, which"
                        + " Multi-Session watches from the schema public. Set it to one of the two schemas alone");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens(SESSION)).isEqualTo(44);
        }
    }

    @Test
    void what_a_trigger_of_the_teams_changes_is_noted_whatever_column_the_statement_names() {
        changeNumbersByATrigger();
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            old.run("UPDATE users SET name = '9995550001' WHERE id = 45");
            assertThat(app.opens(app.signIn("+7 999 555-00-01"))).isEqualTo(45);
            assertThat(old.one("SELECT phone FROM multisession_accounts WHERE user_id = 45"))
                    .isEqualTo("+79995550001");
        }
    }

    @Test
    void triggers_that_an_earlier_version_has_made_are_replaced_and_none_is_gone_meanwhile() {
        changeNumbersByATrigger();
        deploy();
        old.run("CREATE OR REPLACE TRIGGER multisession_phone_changed AFTER UPDATE OF phone ON users FOR EACH ROW"
                + " WHEN (NEW.phone IS DISTINCT FROM OLD.phone) EXECUTE FUNCTION multisession_phone_here();"
                + " DELETE FROM multisession_state WHERE name LIKE 'multisession%';"
                + " UPDATE multisession_state SET value = 'earlier' WHERE name = 'schema'");
        String triggers = old.one("SELECT string_agg(oid::TEXT, ' ' ORDER BY oid) FROM pg_trigger"
                + " WHERE tgname LIKE 'multisession%'");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(old.one("SELECT string_agg(oid::TEXT, ' ' ORDER BY oid) FROM pg_trigger"
                            + " WHERE tgname LIKE 'multisession%'"))
                    .isEqualTo(triggers);
            old.run("UPDATE users SET name = '9995550001' WHERE id = 45");
            assertThat(app.opens(app.signIn("+7 999 555-00-01"))).isEqualTo(45);
            assertThat(app.opens(SESSION)).isEqualTo(44);
        }
    }

    @Test
    void the_type_of_a_column_is_changed_as_the_document_says_and_nobody_is_signed_out() throws Exception {
        String document = Files.readString(Path.of("docs/postgresql.md"));
        String recipe = document.substring(document.indexOf("BEGIN;\n"), document.indexOf("COMMIT;\n"));
        deploy();
        String live = old.rows("multisession_tokens");
        old.run(recipe + "COMMIT");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(old.rows("multisession_tokens")).isEqualTo(live);
            old.run("UPDATE users SET phone = '+79995550001' WHERE id = 45");
            assertThat(app.opens(app.signIn("+7 999 555-00-01"))).isEqualTo(45);
        }
    }

    @Test
    void users_who_are_loaded_with_triggers_switched_off_as_the_document_says_are_found_and_open_nobody_elses_account()
            throws Exception {
        String recipe = "DROP TRIGGER multisession_user_inserted ON users;\n";
        assertThat(Files.readString(Path.of("docs/postgresql.md"))).contains(recipe);
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            old.run(recipe);
            old.run(
                    "SET session_replication_role = replica; DELETE FROM users WHERE id = 44;"
                            + " INSERT INTO users (id, phone, auth_token) VALUES (44, '+79995550044', 'the-token-of-another-user'),"
                            + " (5000, '+79995550001', 'the-token-of-somebody-who-is-back'); SET session_replication_role = origin");
            assertThatThrownBy(() -> app.opens(SESSION)).isInstanceOf(DatabaseBusyException.class);
            deploy();
            assertThat(app.opens(SESSION)).isNull();
            assertThat(app.opens("xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic")).isEqualTo(42);
            assertThat(app.opens("the-token-of-somebody-who-is-back")).isEqualTo(5000);
            assertThat(app.opens(app.signIn("+7 999 555-00-01"))).isEqualTo(5000);
        }
    }

    private void changeNumbersByATrigger() {
        old.run("""
                CREATE FUNCTION of_the_team() RETURNS TRIGGER LANGUAGE plpgsql AS $$
                BEGIN
                    IF NEW.name IS DISTINCT FROM OLD.name THEN NEW.phone := '+7' || NEW.name; END IF;
                    RETURN NEW;
                END$$;
                CREATE TRIGGER of_the_team BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION of_the_team()
                """);
    }

    @Test
    void a_session_that_began_while_a_trigger_was_gone_is_believed_though_users_says_nothing_of_it() {
        deploy();
        old.dropTrigger("multisession_session_inserted", "user_sessions");
        old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (43, 'began-unseen')");
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            assertThat(app.opens("began-unseen")).isEqualTo(43);
        }
    }

    @Test
    void a_truncate_ends_every_session() {
        try (NewApp app = NewApp.deploy(old.claim(), clock)) {
            old.run("TRUNCATE user_sessions");
            old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (44, ?)", SESSION);
            assertThat(app.opens(SESSION)).isNull();
        }
    }

    @Test
    void the_triggers_work_for_an_account_that_may_use_the_teams_tables_only() {
        deploy();
        old.run("DROP ROLE IF EXISTS old_app; CREATE ROLE old_app;"
                + " GRANT SELECT, INSERT, UPDATE, DELETE ON users, user_sessions TO old_app;"
                + " GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO old_app");
        try (NewApp app = NewApp.deploy(old.claim(), clock);
                PostgresApp restricted = old.another()) {
            restricted.run("SET ROLE old_app");
            restricted.signInMulti(43, "boris", clock.instant());
            assertThat(app.opens("boris")).isEqualTo(43);
            restricted.signOut("boris");
            restricted.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (43, 'boris')");
            assertThat(app.opens("boris")).isNull();
        } finally {
            old.run("DROP OWNED BY old_app; DROP ROLE old_app");
        }
    }

    private void migrateAlone() {
        try (Database another = Database.open(old.claim(), 2, Duration.ofSeconds(5))) {
            new PostgresMigrator(another, clock).migrate();
        }
    }

    private void deploy() {
        NewApp.deploy(old.claim(), clock).close();
    }

    private String schema() {
        return old.dump().lines().filter(line -> !line.contains(": ")).toList().toString();
    }
}
