package org.multisession.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.db.DatabaseException;
import org.multisession.migration.Progress;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** From SQLite to PostgreSQL: every cookie that worked before works after, and no other. */
class DatabaseCopyTest {

    private static final String SESSION = "-A6tUtDu7WZs9HQH3FEG9lQoOs3fMdH5sthHDXX5nQo";

    private final TestClock clock = new TestClock();

    @TempDir
    Path folder;

    private PostgresApp target;

    @BeforeEach
    void make() {
        target = PostgresApp.empty();
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    void every_token_that_was_ever_issued_opens_the_same_account_after_the_copy() {
        Set<String> tokens = new LinkedHashSet<>();
        Path file = history(new Random(1), tokens, Stage.COEXIST);
        List<@Nullable Long> before = onSqlite(file, tokens);
        CopyReport report = copy(file);
        assertThat(report.faults()).isEmpty();
        assertThat(report.isSame()).isTrue();
        assertThat(onPostgres(tokens)).isEqualTo(before);
        assertThat(before).contains(42L).contains((Long) null);
    }

    @Test
    void a_second_copy_carries_only_what_has_changed_since() {
        Set<String> tokens = new LinkedHashSet<>();
        Path file = history(new Random(2), tokens, Stage.COEXIST);
        copy(file);
        assertThat(copy(file).tables())
                .allSatisfy(table -> assertThat(table.carried() + table.updated() + table.deleted())
                        .isZero());
        try (SqliteApp old = SqliteApp.open(file)) {
            old.signOut(SESSION);
            old.run("UPDATE users SET name = 'Борис II' WHERE id = 43");
            tokens.add("fresh-from-the-old-app");
            old.signInMulti(47, "fresh-from-the-old-app", clock.instant());
        }
        CopyReport second = copy(file);
        assertThat(table(second, "users").updated()).isEqualTo(2);
        assertThat(table(second, "user_sessions").carried()).isEqualTo(1);
        assertThat(onPostgres(tokens)).isEqualTo(onSqlite(file, tokens)).contains(47L);
    }

    @Test
    void stored_hashes_are_carried_and_open_what_they_opened() {
        Set<String> tokens = new LinkedHashSet<>();
        Path file = history(new Random(3), tokens, Stage.SETTLE);
        copy(file);
        List<@Nullable Long> after;
        try (NewApp app = NewApp.deploy(target.claim(), NewApp.RULES, Stage.SETTLE, clock)) {
            after = tokens.stream().map(app::opens).toList();
        }
        try (NewApp app = NewApp.deploy(file, NewApp.RULES, Stage.SETTLE, clock)) {
            assertThat(after)
                    .isEqualTo(tokens.stream().map(app::opens).toList())
                    .contains(42L);
        }
        assertThat(target.one("SELECT count(*) FROM user_sessions WHERE auth_token NOT LIKE 'sha256:%'"))
                .isEqualTo("0");
    }

    @Test
    void the_way_back_is_a_copy_to_a_file_where_every_token_still_opens_the_same_account() {
        Set<String> tokens = new LinkedHashSet<>();
        Path file = history(new Random(4), tokens, Stage.COEXIST);
        copy(file);
        try (NewApp app = NewApp.deployOpen(target.claim(), clock)) {
            tokens.add(app.signIn("+79991234567"));
            tokens.add(app.signIn("+7 999 555-00-01"));
            app.signOut(app.signIn("+79991234568"));
        }
        List<@Nullable Long> there = onPostgres(tokens);
        Path back = folder.resolve("back.db");
        assertThat(copyBack(back).isSame()).isTrue();
        try (SqliteApp original = SqliteApp.open(file);
                SqliteApp returned = SqliteApp.open(back)) {
            String triggers = "SELECT name || ' ' || sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name";
            assertThat(returned.all(triggers)).isEqualTo(original.all(triggers)).isNotEmpty();
        }
        assertThat(onSqlite(back, tokens)).isEqualTo(there).contains(50L);
        // And into the very file that it came from.
        assertThatThrownBy(() -> new DatabaseCopy(clock, Progress.NONE, false).toSqlite(target.claim(), file))
                .isInstanceOf(CopyRefusedException.class)
                .hasMessageContaining("--overwrite");
        copyBack(file);
        assertThat(onSqlite(file, tokens)).isEqualTo(there);
        try (SqliteApp old = SqliteApp.open(file)) {
            assertThat(old.rows("users")).contains("'2025-03-14 09:26:53.589793'");
        }
    }

    @Test
    void a_token_that_had_ended_stays_ended_and_the_number_of_a_user_who_is_gone_is_given_to_nobody() {
        Path file;
        String gone;
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
            try (NewApp app = NewApp.deployOpen(old.claim(), clock)) {
                gone = app.signIn("+7 999 555-00-02");
            }
            assertThat(old.one("SELECT max(id) FROM users")).isEqualTo("50");
            old.run("DELETE FROM user_sessions WHERE user_id = 50");
            old.deleteUser(50);
            old.signOut(SESSION);
        }
        copy(file);
        try (NewApp app = NewApp.deployOpen(target.claim(), clock)) {
            assertThat(app.opens(app.signIn("+7 999 555-00-03"))).isEqualTo(51);
            target.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (51, ?), (44, ?)", gone, SESSION);
            assertThat(app.opens(gone)).isNull();
            assertThat(app.opens(SESSION)).isNull();
        }
    }

    @Test
    void tables_that_the_team_has_made_there_are_used_as_they_are() {
        target.close();
        target = PostgresApp.make("multi");
        target.run("DELETE FROM user_sessions; DELETE FROM users; ALTER TABLE users ADD note TEXT DEFAULT 'new'");
        Set<String> tokens = new LinkedHashSet<>();
        Path file = history(new Random(5), tokens, Stage.COEXIST);
        CopyReport report = copy(file);
        assertThat(report.notes()).contains("the column users.note is only in the target");
        assertThat(onPostgres(tokens)).isEqualTo(onSqlite(file, tokens));
        assertThat(target.one("SELECT pg_typeof(id) FROM users WHERE id = 42")).isEqualTo("integer");
        assertThat(target.one("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated"))
                .isEqualTo("1");
        assertThat(Long.parseLong(target.one("INSERT INTO users (phone) VALUES ('x') RETURNING id")))
                .isGreaterThan(49);
    }

    @Test
    void a_trigger_that_is_always_on_and_changes_what_is_carried_is_found_by_the_verification() {
        target.close();
        target = PostgresApp.make("multi");
        target.run("DELETE FROM user_sessions; DELETE FROM users;"
                + " CREATE FUNCTION upgrade() RETURNS TRIGGER LANGUAGE plpgsql AS"
                + " 'BEGIN NEW.plan = ''gold''; RETURN NEW; END';"
                + " CREATE TRIGGER upgrade BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION upgrade();"
                + " ALTER TABLE users ENABLE ALWAYS TRIGGER upgrade");
        Path file = history(new Random(8), new LinkedHashSet<>(), Stage.COEXIST);
        assertThatThrownBy(() -> copy(file))
                .isInstanceOf(CopyRefusedException.class)
                .hasMessageContaining("verified row by row")
                .hasMessageContaining("the first of them in users");
        assertThat(target.one("SELECT count(*) FROM users")).isEqualTo("0");
    }

    @Test
    void tables_that_differ_are_refused_by_name_and_nothing_is_carried() {
        target.close();
        target = PostgresApp.make("multi");
        target.run("DELETE FROM user_sessions; DELETE FROM users; ALTER TABLE users DROP balance;"
                + " ALTER TABLE users ADD tariff TEXT NOT NULL; ALTER TABLE users ALTER name TYPE inet USING NULL");
        Path file = history(new Random(6), new LinkedHashSet<>(), Stage.COEXIST);
        assertThatThrownBy(() -> copy(file))
                .isInstanceOf(CopyRefusedException.class)
                .hasMessageContaining("the column users.balance is not in the target")
                .hasMessageContaining("users.tariff is only in the target, and every row must have a value there")
                .hasMessageContaining("users.name is of the type inet");
        assertThat(target.one("SELECT count(*) FROM users")).isEqualTo("0");
    }

    @Test
    void what_postgresql_cannot_hold_is_named_row_by_row_without_the_value_and_nothing_is_carried() {
        Path file;
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
            old.run("UPDATE users SET balance = 'much' WHERE id = 42");
            old.run("UPDATE users SET auth_token = 'secret' || char(0) || 'token' WHERE id = 43");
            old.run("UPDATE users SET auth_token = x'deadbeef' WHERE id = 44");
            old.run("UPDATE users SET name = CAST(x'41ff42' AS TEXT) WHERE id = 45");
            old.run("UPDATE users SET created_at = 'yesterday' WHERE id = 46");
            old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (999, 'secret-of-nobody')");
        }
        NewApp.deploy(file, clock).close();
        CopyReport dry = new DatabaseCopy(clock, Progress.NONE, false).findings(file);
        CopyReport report = copy(file);
        for (CopyReport each : List.of(dry, report)) {
            assertThat(each.isSame()).isFalse();
            assertThat(each.faults().stream()
                            .map(fault -> fault.table() + " " + fault.row() + " " + fault.column() + " " + fault.why()))
                    .contains(
                            "users id 42 balance is text, not a whole number",
                            "users id 43 auth_token has a NUL character in it, which PostgreSQL cannot store",
                            "users id 44 auth_token is a blob, not text",
                            "users id 45 name is text with bytes that are no UTF-8",
                            "users id 46 created_at is no time that can be read",
                            "user_sessions id 5  belongs to a row of users that does not exist");
            assertThat(each.faults().toString()).doesNotContain("secret", "deadbeef", "much", "yesterday");
            assertThat(each.faults())
                    .allSatisfy(fault -> assertThat(fault.remedy()).isNotBlank());
        }
        assertThat(target.one("SELECT count(*) FROM users")).isEqualTo("0");
    }

    @Test
    void values_that_only_sqlite_tells_apart_and_texts_too_long_for_an_index_are_named() {
        Path file;
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
            old.run("CREATE TABLE loose (k PRIMARY KEY, at DATETIME UNIQUE, note VARCHAR(5))");
            old.run("INSERT INTO loose VALUES (1, '2026-02-05 12:00:00', NULL), ('1', '2026-02-05T12:00:00Z', NULL),"
                    + " (10, NULL, NULL), ('0', NULL, NULL)");
            StringBuilder random = new StringBuilder();
            new Random(1).ints(4000, 33, 126).forEach(c -> random.append((char) c));
            old.run("UPDATE users SET auth_token = ? WHERE id = 42", random.toString());
        }
        NewApp.deploy(file, clock).close();
        assertThat(copy(file).faults().stream().map(fault -> fault.table() + "." + fault.column() + " " + fault.why()))
                .contains(
                        "loose.k is the same as in another row once both are read the same way, and must not be",
                        "loose.at is the same as in another row once both are read the same way, and must not be",
                        "users.auth_token is longer than the 2600 bytes that an index of PostgreSQL holds");
        try (SqliteApp old = SqliteApp.open(file)) {
            old.run("DELETE FROM loose WHERE k = '1'");
            old.run("UPDATE users SET auth_token = NULL WHERE id = 42");
        }
        assertThat(copy(file).isSame()).isTrue();
        try (SqliteApp old = SqliteApp.open(file)) {
            old.run("INSERT INTO loose VALUES ('new', NULL, 'x')");
        }
        assertThat(table(copy(file), "loose").rows()).isEqualTo(4);
        assertThat(target.one("SELECT string_agg(k, ' ' ORDER BY k COLLATE \"C\") FROM loose"))
                .isEqualTo("0 1 10 new");
    }

    @Test
    void times_of_every_kind_and_texts_of_any_length_are_turned() {
        Path file;
        String cookie = "x".repeat(200);
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
            old.run("UPDATE users SET auth_token = ? WHERE id = 42", cookie);
            old.run("UPDATE user_sessions SET created_at = 1770292800123, last_seen_at = '2026-02-05T12:00:00+03:00'"
                    + " WHERE id = 4");
            old.run("UPDATE user_sessions SET created_at = NULL WHERE id = 3");
        }
        NewApp.deploy(file, clock).close();
        CopyReport report = copy(file);
        assertThat(report.isSame()).isTrue();
        assertThat(report.notes())
                .contains("users.auth_token has texts longer than VARCHAR(128) allows, so the column has no limit in"
                        + " PostgreSQL");
        assertThat(target.one("SELECT created_at FROM user_sessions WHERE id = 4"))
                .isEqualTo("2026-02-05 12:00:00.123");
        assertThat(target.one("SELECT last_seen_at FROM user_sessions WHERE id = 4"))
                .isEqualTo("2026-02-05 09:00:00");
        assertThat(onPostgres(Set.of(cookie, SESSION))).containsExactlyInAnyOrder(42L, 44L);
    }

    @Test
    void whoever_asks_what_postgresql_can_hold_reads_nothing_of_our_own_tables() {
        Path file;
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            file = old.path();
        }
        NewApp.deploy(file, clock).close();
        assertThat(new DatabaseCopy(clock, Progress.NONE, false).findings(file).notes())
                .isEmpty();
    }

    @Test
    void the_teams_other_tables_go_there_and_back_with_values_of_every_type() {
        Path file;
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
            old.run(ORDERS);
        }
        CopyReport report = copy(file);
        assertThat(report.isSame()).isTrue();
        assertThat(report.notes()).contains("the view paid is not carried");
        assertThat(target.one("SELECT total || ' ' || paid || ' ' || encode(picture, 'hex') FROM orders WHERE id = 7"))
                .isEqualTo("12.50 true 00ff");
        assertThat(target.one("SELECT payload FROM orders WHERE id = 7")).isEqualTo("{\"a\":\"b\\\\c\"}");
        assertThat(target.one("SELECT count(*) FROM pg_indexes WHERE indexname = 'ix_orders_user'"))
                .isEqualTo("1");
        assertThat(target.one(
                        "SELECT confdeltype FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype = 'f'"))
                .isEqualTo("c");
        Path back = folder.resolve("back.db");
        copyBack(back);
        try (SqliteApp old = SqliteApp.open(file);
                SqliteApp returned = SqliteApp.open(back)) {
            for (String table : List.of("orders", "tags", "users", "alembic_version", "plain")) {
                assertThat(returned.rows(table)).isEqualTo(old.rows(table));
            }
        }
    }

    private static final String ORDERS = """
            CREATE TABLE orders (id INTEGER NOT NULL, user_id INTEGER NOT NULL, total NUMERIC(10, 2), paid BOOLEAN DEFAULT 0,
              picture BLOB, weight FLOAT, day DATE, at TIME, note TEXT DEFAULT 'none', payload JSON, "order" VARCHAR(5),
              PRIMARY KEY (id), UNIQUE ("order"), FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE);
            CREATE INDEX ix_orders_user ON orders (user_id, day);
            CREATE TABLE tags (order_id INTEGER NOT NULL, tag VARCHAR(20) NOT NULL, PRIMARY KEY (order_id, tag),
              FOREIGN KEY(order_id) REFERENCES orders (id));
            CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, PRIMARY KEY (version_num));
            CREATE TABLE plain (a TEXT, b INTEGER);
            CREATE VIEW paid AS SELECT * FROM orders WHERE paid;
            INSERT INTO alembic_version VALUES ('abc123');
            INSERT INTO plain VALUES ('x', 1), ('x', 1), (NULL, 2);
            INSERT INTO orders VALUES (7, 42, 12.5, 1, x'00ff', 0.1, '2026-02-05', '09:30:00.000000',
              'tab' || char(9) || 'line' || char(10) || 'back\\slash \\N' || char(13), '{"a":"b\\\\c"}', 'A-1');
            INSERT INTO orders VALUES (-3, 43, NULL, 0, NULL, 1e300, NULL, NULL, '', NULL, NULL);
            INSERT INTO orders VALUES (9007199254740993, 43, -0.01, NULL, x'', -2.5, '0001-01-01', '00:00:00.000001', '🔑￮', NULL, 'я');
            INSERT INTO tags VALUES (7, 'b'), (7, 'a'), (7, '🔑'), (7, '￮'), (-3, 'A'), (-3, 'a');
            """;

    @Test
    void a_copy_that_is_cut_off_has_changed_nothing_and_is_run_again() {
        Set<String> tokens = new LinkedHashSet<>();
        Path file = history(new Random(7), tokens, Stage.COEXIST);
        Progress cut = (step, done, total) -> {
            if (step.equals("copying user_sessions")) {
                target.cutOthers();
            }
        };
        assertThatThrownBy(() -> new DatabaseCopy(clock, cut, false).toPostgres(file, target.claim()))
                .isInstanceOf(DatabaseException.class);
        assertThat(target.one("SELECT count(*) FROM users")).isEqualTo("0");
        assertThat(target.one("SELECT count(*) FROM multisession_tokens")).isEqualTo("0");
        copy(file);
        assertThat(onPostgres(tokens)).isEqualTo(onSqlite(file, tokens));
    }

    /** An index of a large file takes longer than a pause of a node may. */
    @Test
    void a_copy_goes_on_after_its_file_was_at_work_for_longer_than_a_node_may_stand_still() {
        Set<String> tokens = new LinkedHashSet<>();
        Path file = history(new Random(8), tokens, Stage.COEXIST);
        Progress slow = (step, done, total) -> {
            if (step.equals("copying user_sessions") && done == total) {
                awaitLongPause();
            }
        };
        assertThat(new DatabaseCopy(clock, slow, false)
                        .toPostgres(file, target.claim())
                        .isSame())
                .isTrue();
        assertThat(onPostgres(tokens)).isEqualTo(onSqlite(file, tokens));
        assertThat(new DatabaseCopy(clock, slow, true)
                        .toSqlite(target.claim(), file)
                        .isSame())
                .isTrue();
        assertThat(onSqlite(file, tokens)).isEqualTo(onPostgres(tokens));
    }

    /** Until the session of the copy has said nothing for so long, or is gone. */
    private void awaitLongPause() {
        String pauses = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND state = 'idle in transaction' AND clock_timestamp() - state_change %s INTERVAL '6 s'";
        while (!target.one(pauses.formatted("<=")).equals("0")) {
            Thread.onSpinWait();
        }
    }

    @Test
    void what_the_old_app_writes_meanwhile_is_counted_and_comes_with_the_next_run() {
        Set<String> tokens = new LinkedHashSet<>();
        Path file = history(new Random(8), tokens, Stage.COEXIST);
        try (SqliteApp old = SqliteApp.open(file)) {
            Progress busy = (step, done, total) -> {
                if (step.equals("copying users")) {
                    old.signInMulti(46, "signed-in-during-the-copy", clock.instant());
                    old.signOut(SESSION);
                }
            };
            CopyReport first = new DatabaseCopy(clock, busy, false).toPostgres(file, target.claim());
            assertThat(first.isSame()).isFalse();
            assertThat(first.movedOn()).isGreaterThanOrEqualTo(4);
        }
        tokens.add("signed-in-during-the-copy");
        assertThat(copy(file).isSame()).isTrue();
        assertThat(onPostgres(tokens)).isEqualTo(onSqlite(file, tokens)).contains(46L);
    }

    @Test
    void what_happens_during_a_copy_to_a_file_is_counted_and_comes_with_the_next_run() {
        Set<String> tokens = new LinkedHashSet<>();
        copy(history(new Random(10), tokens, Stage.COEXIST));
        assertThat(onPostgres(tokens)).contains(44L);
        Progress busy = (step, done, total) -> {
            if (step.equals("copying users")
                    && target.one("SELECT count(*) FROM users WHERE id = 46 AND plan = 'new'")
                            .equals("0")) {
                target.run("UPDATE users SET plan = 'new' WHERE id = 46");
                target.signInMulti(46, "signed-in-during-the-copy", clock.instant());
                target.signOut(SESSION);
            }
        };
        Path back = folder.resolve("back.db");
        CopyReport first = new DatabaseCopy(clock, busy, false).toSqlite(target.claim(), back);
        assertThat(first.isSame()).isFalse();
        assertThat(first.movedOn()).isGreaterThanOrEqualTo(4);
        tokens.add("signed-in-during-the-copy");
        assertThat(copyBack(back).isSame()).isTrue();
        assertThat(onSqlite(back, tokens)).isEqualTo(onPostgres(tokens)).contains(46L);
    }

    /** P3: in the target nobody could tell any more whose the sessions are. */
    @Test
    void a_source_in_which_users_was_numbered_anew_unseen_is_refused_until_it_is_repaired() {
        copy(history(new Random(12), new LinkedHashSet<>(), Stage.COEXIST));
        String token;
        try (NewApp app = NewApp.deploy(target.claim(), clock)) {
            token = app.signIn("+79991234568");
            assertThat(app.opens(token)).isEqualTo(43);
        }
        target.run("""
                BEGIN;
                CREATE TABLE anew (LIKE users INCLUDING ALL);
                INSERT INTO anew SELECT * FROM users;
                UPDATE anew SET id = -id WHERE id IN (43, 44);
                UPDATE anew SET id = CASE id WHEN -43 THEN 44 ELSE 43 END WHERE id < 0;
                DROP TABLE users CASCADE;
                ALTER TABLE anew RENAME TO users;
                COMMIT
                """);
        Path back = folder.resolve("back.db");
        assertThatThrownBy(() -> copyBack(back))
                .isInstanceOf(CopyRefusedException.class)
                .hasMessageContaining("Run 'migrate' on it first");
        NewApp.deploy(target.claim(), clock).close();
        assertThat(copyBack(back).isSame()).isTrue();
        assertThat(onSqlite(back, Set.of(token))).containsOnlyNulls();
    }

    @Test
    void numbers_go_on_after_those_that_were_carried_whatever_sequence_gives_them_out() {
        Path file;
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
            old.run("CREATE TABLE notes (id INTEGER NOT NULL, note TEXT, PRIMARY KEY (id));"
                    + " INSERT INTO notes VALUES (1, 'a'), (77, 'b')");
        }
        target.run("CREATE SEQUENCE \"all Notes\"; CREATE TABLE notes (id BIGINT PRIMARY KEY"
                + " DEFAULT nextval('\"all Notes\"'), note TEXT)");
        copy(file);
        assertThat(target.one("INSERT INTO notes (note) VALUES ('c') RETURNING id"))
                .isEqualTo("78");
    }

    /** As SQLAlchemy makes an Enum there. */
    @Test
    void a_key_that_is_an_enum_on_the_server_goes_there_and_back() {
        Path file;
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
            old.run(
                    "CREATE TABLE channels (user_id INTEGER NOT NULL, kind VARCHAR(5) NOT NULL, address TEXT,"
                            + " PRIMARY KEY (user_id, kind)); INSERT INTO channels VALUES (42, 'sms', 'a'), (42, 'email', 'b')");
        }
        target.run("CREATE TYPE kind AS ENUM ('sms', 'email'); CREATE TABLE channels (user_id INTEGER, kind kind,"
                + " address TEXT, PRIMARY KEY (user_id, kind))");
        assertThat(copy(file).isSame()).isTrue();
        try (SqliteApp old = SqliteApp.open(file)) {
            old.run("UPDATE channels SET address = 'c' WHERE kind = 'sms'");
        }
        assertThat(table(copy(file), "channels").updated()).isEqualTo(1);
        Path back = folder.resolve("back.db");
        assertThat(copyBack(back).isSame()).isTrue();
        try (SqliteApp returned = SqliteApp.open(back)) {
            assertThat(returned.all("SELECT kind || ' ' || address FROM channels ORDER BY 1"))
                    .containsExactly("email b", "sms c");
        }
    }

    @Test
    void a_target_that_was_deployed_on_is_overwritten_only_if_that_is_asked_for() {
        Path file = history(new Random(9), new LinkedHashSet<>(), Stage.COEXIST);
        copy(file);
        DatabaseCopy careful = new DatabaseCopy(clock, Progress.NONE, false);
        assertThat(careful.toPostgres(file, target.claim()).isSame()).isTrue();
        clock.advance(Duration.ofMinutes(1));
        String there;
        try (NewApp app = NewApp.deploy(target.claim(), clock)) {
            there = app.signIn("+79991234567");
        }
        assertThatThrownBy(() -> careful.toPostgres(file, target.claim()))
                .isInstanceOf(CopyRefusedException.class)
                .hasMessageContaining("--overwrite");
        assertThat(onPostgres(Set.of(there))).containsExactly(42L);
        copy(file);
        assertThat(onPostgres(Set.of(there))).containsOnlyNulls();
    }

    @Test
    void a_database_without_multi_session_is_carried_as_it_is_and_the_next_deploy_migrates_it() {
        Path file;
        try (SqliteApp old = SqliteApp.make(folder, "single")) {
            file = old.path();
            assertThat(copy(file).tables()).extracting(CopyReport.Table::name).containsExactly("users");
        }
        assertThat(onPostgres(Set.of("old_token_xyz123"))).containsExactly(42L);
        assertThatThrownBy(() -> copy(file))
                .isInstanceOf(CopyRefusedException.class)
                .hasMessageContaining("Run 'migrate' on the source first");
    }

    @Test
    void rows_that_exchange_their_unique_values_are_carried() {
        Path file;
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
        }
        NewApp.deploy(file, clock).close();
        copy(file);
        try (SqliteApp old = SqliteApp.open(file)) {
            old.run("UPDATE users SET phone = 'x' WHERE id = 42");
            old.run("UPDATE users SET phone = '+79991234567' WHERE id = 43");
            old.run("UPDATE users SET phone = '+79991234568' WHERE id = 42");
            old.run("DELETE FROM users WHERE id = 47");
            old.run("UPDATE users SET id = 47 WHERE id = 49");
        }
        CopyReport report = copy(file);
        assertThat(table(report, "users").updated()).isEqualTo(3);
        assertThat(table(report, "users").deleted()).isEqualTo(1);
        assertThat(target.one("SELECT phone FROM users WHERE id = 42")).isEqualTo("+79991234568");
    }

    private CopyReport copyBack(Path file) {
        return new DatabaseCopy(clock, Progress.NONE, true).toSqlite(target.claim(), file);
    }

    /** What happens with the cookies on each side is played with the app itself. */
    private List<@Nullable Long> onSqlite(Path file, Set<String> tokens) {
        try (NewApp app = NewApp.deploy(file, clock)) {
            return tokens.stream().map(app::opens).toList();
        }
    }

    private List<@Nullable Long> onPostgres(Set<String> tokens) {
        try (NewApp app = NewApp.deploy(target.claim(), clock)) {
            return tokens.stream().map(app::opens).toList();
        }
    }

    private static CopyReport.Table table(CopyReport report, String name) {
        return report.tables().stream()
                .filter(table -> table.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private CopyReport copy(Path file) {
        return new DatabaseCopy(clock, Progress.NONE, true).toPostgres(file, target.claim());
    }

    /** Users who come and go, in our app and in the old one; every token that was ever a cookie is told. */
    private Path history(Random random, Set<String> tokens, Stage stage) {
        Path file;
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
            tokens.addAll(old.all("SELECT auth_token FROM users WHERE auth_token <> ''").stream()
                    .map(String::valueOf)
                    .toList());
            tokens.addAll(old.all("SELECT auth_token FROM user_sessions").stream()
                    .map(String::valueOf)
                    .toList());
            List<String> phones = old.all("SELECT phone FROM users WHERE id <= 47").stream()
                    .map(String::valueOf)
                    .toList();
            try (NewApp app = NewApp.deploy(old.claim(), clock)) {
                for (int step = 0; step < 120; step++) {
                    List<String> known = new ArrayList<>(tokens);
                    String any = known.get(random.nextInt(known.size()));
                    clock.advance(Duration.ofMinutes(random.nextInt(600)));
                    switch (random.nextInt(6)) {
                        case 0, 1 -> tokens.add(app.signIn(phones.get(random.nextInt(phones.size()))));
                        case 2 -> {
                            if (app.opens(any) != null) {
                                app.signOut(any);
                            }
                        }
                        case 3 -> old.signOut(any);
                        case 4 -> {
                            String token = "old-app-" + step + "-" + random.nextLong();
                            tokens.add(token);
                            old.signInMulti(42 + random.nextInt(6), token, clock.instant());
                        }
                        default -> {
                            String token = "reset-" + step + "-" + random.nextLong();
                            tokens.add(token);
                            old.signInSingle(42 + random.nextInt(6), token);
                        }
                    }
                }
            }
        }
        if (stage != Stage.COEXIST) {
            NewApp.deploy(file, NewApp.RULES, stage, clock).close();
        }
        return file;
    }
}
