package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Database;
import org.multisession.db.DatabaseListener;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.LogLines;
import org.multisession.testing.NewApp;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.StatementLog;
import org.multisession.testing.TestClock;

/** P5 in steps: what one transaction makes of a database, many make of it too, whatever happens between two of them. */
class SteppedMoveTest {

    private static final String LIVE = "xiR8VC4Vrh7YsWKEi0zZdtLtv0wkx9ktSz-znzTDaic";

    private final TestClock clock = new TestClock();

    @TempDir
    Path folder;

    private SqliteApp old(String script) {
        return SqliteApp.make(folder, script);
    }

    /** In pieces of this many rows; the consumer is told after each, when no transaction is open. */
    private Migration.Outcome migrate(Path file, int rows, Trial trial, Consumer<Integer> between) {
        return migrate(file, rows, trial, between, statement -> {});
    }

    private Migration.Outcome migrate(
            Path file, int rows, Trial trial, Consumer<Integer> between, Consumer<String> beforeStatement) {
        AtomicInteger pieces = new AtomicInteger();
        try (SqliteFile claimed = SqliteFile.claim(file, false, "/test");
                Database database = Database.open(claimed, 2, Duration.ofSeconds(5))) {
            Progress progress = (step, done, total) -> between.accept(pieces.incrementAndGet());
            Migrator migrator = new Migrator(
                    database,
                    clock,
                    System::nanoTime,
                    Backup.NONE,
                    progress,
                    trial,
                    beforeStatement,
                    0,
                    Pacing.pieces(rows));
            return migrator.migrate();
        }
    }

    private void migrate(Path file, int rows, Duration busyTimeout, Consumer<Integer> between) {
        AtomicInteger pieces = new AtomicInteger();
        try (SqliteFile claimed = SqliteFile.claim(file, false, "/test");
                Database database = Database.open(claimed, 2, busyTimeout)) {
            Progress progress = (step, done, total) -> between.accept(pieces.incrementAndGet());
            new Migrator(
                            database,
                            clock,
                            System::nanoTime,
                            Backup.NONE,
                            progress,
                            Trial.NONE,
                            statement -> {},
                            0,
                            Pacing.pieces(rows))
                    .migrate();
        }
    }

    private Migration.Outcome migrate(Path file, int rows) {
        return migrate(file, rows, Trial.NONE, piece -> {});
    }

    private static String withoutTimes(SqliteApp database) {
        return database.dump().replaceAll("'\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d[^']*'", "a time");
    }

    /** A copy that is migrated in one transaction. */
    private String atOnce(SqliteApp old) throws IOException {
        Path copy = folder.resolve("at-once.db");
        Files.copy(old.path(), copy);
        try (SqliteFile claimed = SqliteFile.claim(copy, false, "/test");
                Database database = Database.open(claimed, 2, Duration.ofSeconds(5))) {
            new Migrator(database, clock).migrate();
        }
        try (SqliteApp migrated = SqliteApp.open(copy)) {
            return withoutTimes(migrated);
        }
    }

    @ParameterizedTest
    @CsvSource({"single, 1", "single, 3", "multi, 1", "multi, 2", "multi, 1000", "dirty, 1", "dirty, 3"})
    void many_steps_make_of_a_database_what_one_transaction_makes(String script, int rows) throws IOException {
        try (SqliteApp old = old(script)) {
            String expected = atOnce(old);
            assertThat(migrate(old.path(), rows).made()).isNotEmpty();
            assertThat(withoutTimes(old)).isEqualTo(expected);
            assertThat(migrate(old.path(), rows).made()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"single", "multi", "dirty"})
    void an_upgrade_in_many_steps_makes_what_one_transaction_makes(String script) throws IOException {
        try (SqliteApp old = old(script)) {
            migrate(old.path(), 1000);
            old.run("UPDATE multisession_accounts SET token_tail = substr(token_tail, -8)");
            old.run("DROP TRIGGER multisession_user_changed");
            old.run("DROP TABLE multisession_phones");
            old.run("DROP TRIGGER multisession_phone_inserted");
            old.run("DROP TRIGGER multisession_phone_changed");
            old.run("DROP TRIGGER multisession_phone_moved");
            old.run("DROP TRIGGER multisession_phone_deleted");
            String expected = atOnce(old);
            assertThat(migrate(old.path(), 2).made()).contains("multisession_phones");
            assertThat(withoutTimes(old)).isEqualTo(expected);
        }
    }

    @Test
    void a_copy_that_held_others_up_longer_than_any_step_is_what_is_told() {
        try (SqliteApp old = old("multi");
                SqliteFile claimed = SqliteFile.claim(old.path(), false, "/test");
                Database database = Database.open(claimed, 2, Duration.ofSeconds(5));
                LogLines log = new LogLines()) {
            Backup backup = () -> new Backup.Copy(folder.resolve("copy.db"), Held.byCopy(7_000_000_000L));
            Migration.Outcome outcome = new Migrator(
                            database,
                            clock,
                            System::nanoTime,
                            backup,
                            Progress.NONE,
                            Trial.NONE,
                            statement -> {},
                            0,
                            Pacing.pieces(3))
                    .migrate();
            assertThat(outcome.longest().predicted()).startsWith("about 7 seconds (copying the database)");
            assertThat(log.all())
                    .contains("INFO Migration: nothing held others up longer than 7.0 s (copying the database)");
        }
    }

    @Test
    void what_a_step_waits_for_others_is_no_time_that_it_holds_them_up() {
        AtomicLong nanos = new AtomicLong();
        try (SqliteApp old = old("multi");
                SqliteFile claimed = SqliteFile.claim(old.path(), false, "/test");
                Database database = Database.open(claimed, 2, Duration.ofSeconds(5))) {
            database.listenBy(new DatabaseListener() {
                @Override
                public void waitedForLock(Duration wait) {
                    // As if it had been for so long.
                    nanos.addAndGet(7_000_000_000L);
                }
            });
            Consumer<String> work = statement -> nanos.addAndGet(10_000_000);
            SteppedMove move = new SteppedMove(database, clock, nanos::get, Pacing.pieces(1000), Progress.NONE, work);
            assertThat(move.begin()).isNotEmpty();
            assertThat(move.fill()).isNotNull();
            assertThat(move.end()).isTrue();
            assertThat(move.longest().nanos()).isBetween(10_000_000L, 6_999_999_999L);
        }
    }

    @Test
    void what_the_one_transaction_waits_for_others_is_no_time_that_it_holds_them_up() {
        AtomicLong nanos = new AtomicLong();
        try (SqliteApp old = old("multi");
                SqliteFile claimed = SqliteFile.claim(old.path(), false, "/test");
                Database database = Database.open(claimed, 2, Duration.ofSeconds(5))) {
            database.listenBy(new DatabaseListener() {
                @Override
                public void waitedForLock(Duration wait) {
                    // As if it had been for so long.
                    nanos.addAndGet(7_000_000_000L);
                }
            });
            Consumer<String> work = statement -> nanos.addAndGet(10_000_000);
            Supplier<Migrator> migrator = () -> new Migrator(
                    database,
                    clock,
                    nanos::get,
                    Backup.NONE,
                    Progress.NONE,
                    Trial.NONE,
                    work,
                    1000,
                    Pacing.pieces(1000));
            assertThat(migrator.get().dryRun().longest().nanos()).isBetween(10_000_000L, 6_999_999_999L);
            assertThat(migrator.get().migrate().longest().nanos()).isBetween(10_000_000L, 6_999_999_999L);
        }
    }

    @Test
    void an_upgrade_in_many_steps_forgets_users_that_are_gone() throws IOException {
        try (SqliteApp old = old("multi")) {
            migrate(old.path(), 1000);
            // As an earlier version leaves it, whose triggers did not see users go.
            old.run("DROP TRIGGER multisession_user_deleted");
            old.run("DROP TRIGGER multisession_phone_deleted");
            old.deleteUser(47);
            assertThat(old.one("SELECT count(*) FROM multisession_accounts WHERE user_id = 47"))
                    .isEqualTo("1");
            String expected = atOnce(old);
            migrate(old.path(), 2);
            assertThat(old.all("SELECT user_id FROM multisession_accounts WHERE user_id = 47"
                            + " UNION ALL SELECT user_id FROM multisession_phones WHERE user_id = 47"))
                    .isEmpty();
            assertThat(withoutTimes(old)).isEqualTo(expected);
        }
    }

    @Test
    void no_step_reads_all_sessions_to_see_that_their_tokens_are_different() {
        try (SqliteApp old = old("multi")) {
            rebuildWithoutUniqueTokens(old);
            List<String> under = new ArrayList<>();
            boolean[] isWriting = new boolean[1];
            StatementLog.watch(
                    statement -> {
                        if (statement.startsWith("BEGIN")) {
                            isWriting[0] = statement.startsWith("BEGIN IMMEDIATE");
                        }
                        if (statement.contains("GROUP BY auth_token HAVING") && statement.contains("user_sessions")) {
                            under.add(isWriting[0] ? "the write lock" : "no lock");
                        }
                    },
                    () -> assertThat(migrate(old.path(), 2).made()).contains("idx_user_session_auth_token"));
            assertThat(under).isNotEmpty().containsOnly("no lock");
        }
    }

    /** As a table that an app has made without saying so; we make the unique index then. */
    private static void rebuildWithoutUniqueTokens(SqliteApp old) {
        old.run("ALTER TABLE user_sessions RENAME TO former");
        old.run("CREATE TABLE user_sessions (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL,"
                + " auth_token VARCHAR(128) NOT NULL, created_at DATETIME, last_seen_at DATETIME)");
        old.run("INSERT INTO user_sessions SELECT id, user_id, auth_token, created_at, last_seen_at FROM former");
        old.run("DROP TABLE former");
    }

    @Test
    void a_token_that_comes_up_twice_meanwhile_is_told_by_the_unique_index() {
        try (SqliteApp old = old("multi")) {
            rebuildWithoutUniqueTokens(old);
            boolean[] isDone = new boolean[1];
            assertThatThrownBy(() -> migrate(old.path(), 2, Trial.NONE, piece -> {}, statement -> {
                        if (statement.contains("INDEX IF NOT EXISTS idx_user_session_auth_token") && !isDone[0]) {
                            isDone[0] = true;
                            throw new IllegalStateException("stopped before it");
                        }
                    }))
                    .hasMessage("stopped before it");
            old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, 'twice'), (43, 'twice')");
            assertThatThrownBy(() -> migrate(old.path(), 2))
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessageContaining("one token in several rows");
        }
    }

    @Test
    void an_index_of_a_table_that_is_there_is_made_by_itself_once_the_rest_is_there() {
        try (SqliteApp old = old("multi")) {
            old.run("DROP INDEX idx_user_session_user_id");
            List<String> marks = new ArrayList<>();
            migrate(old.path(), 1000, Trial.NONE, piece -> {}, statement -> {
                if (statement.contains("INDEX IF NOT EXISTS")
                        && (statement.contains("ON users (") || statement.contains("ON user_sessions ("))) {
                    marks.add(old.one("SELECT count(*) FROM multisession_state WHERE name = 'migration'") + " "
                            + old.one("SELECT count(*) FROM sqlite_master WHERE name = 'idx_user_session_user_id'"));
                }
            });
            assertThat(marks).containsExactly("1 0", "1 1");
            old.run("DROP INDEX multisession_users_auth_token");
            assertThat(migrate(old.path(), 1000).made()).containsExactly("multisession_users_auth_token");
        }
    }

    @Test
    void an_index_in_another_order_than_its_table_is_filled_in_is_made_once_that_is_done() {
        try (SqliteApp old = old("multi")) {
            List<String> rows = new ArrayList<>();
            List<String> made = migrate(old.path(), 1000, Trial.NONE, piece -> {}, statement -> {
                        if (statement.contains("INDEX IF NOT EXISTS multisession_tokens_live")) {
                            rows.add(old.one("SELECT count(*) FROM multisession_tokens"));
                        } else if (statement.contains("INDEX IF NOT EXISTS multisession_rows_token")) {
                            rows.add(old.one("SELECT count(*) FROM multisession_rows"));
                        }
                    })
                    .made();
            assertThat(rows).containsExactly("4", "4");
            assertThat(made)
                    .contains("multisession_tokens_live", "multisession_rows_token")
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void the_memory_that_the_steps_use_is_given_back() {
        try (SqliteApp old = old("multi");
                SqliteFile claimed = SqliteFile.claim(old.path(), false, "/test");
                Database database = Database.open(claimed, 2, Duration.ofSeconds(5))) {
            String usual = database.outsideTransaction(SteppedMoveTest::memory);
            List<String> during = new ArrayList<>();
            Trial trial = (transaction, userColumns) -> {
                during.add(memory(transaction));
                return List.of();
            };
            new Migrator(
                            database,
                            clock,
                            System::nanoTime,
                            Backup.NONE,
                            Progress.NONE,
                            trial,
                            statement -> {},
                            0,
                            Pacing.pieces(3))
                    .migrate();
            assertThat(during).hasSize(2).first().isEqualTo(usual);
            assertThat(during.get(1)).isEqualTo("-131072 0");
            assertThat(database.<String>outsideTransaction(SteppedMoveTest::memory))
                    .isEqualTo(usual);
        }
    }

    private static String memory(org.multisession.db.Handle handle) throws java.sql.SQLException {
        try (java.sql.PreparedStatement statement = handle.prepare(
                        "SELECT cache_size || ' ' || (cache_spill > 0) FROM pragma_cache_size, pragma_cache_spill");
                java.sql.ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }

    /** Migrates copies, each of which somebody does something to after another piece. */
    private void afterPieces(SqliteApp original, int every, Consumer<SqliteApp> act, BiConsumer<SqliteApp, String> then)
            throws IOException {
        int pieces = pieces(original.path());
        assertThat(pieces).isGreaterThan(20);
        for (int at = 1; at < pieces; at += every) {
            Path file = folder.resolve("at-" + at + ".db");
            Files.copy(original.path(), file);
            try (SqliteApp old = SqliteApp.open(file)) {
                int when = at;
                migrate(file, 1, Trial.NONE, piece -> {
                    if (piece == when) {
                        act.accept(old);
                    }
                });
                then.accept(old, "after piece " + at);
            }
        }
    }

    @Test
    void what_the_old_app_does_between_two_steps_is_missed_by_none() throws IOException {
        try (SqliteApp original = old("multi")) {
            original.run("UPDATE users SET auth_token = ? WHERE id = 42", LIVE);
            original.signInMulti(47, "zz-the-last-to-be-recorded-of-all-sessions", clock.instant());
            List<@Nullable String> moved = original.all("SELECT auth_token FROM user_sessions WHERE user_id = 44");
            assertThat(moved).isNotEmpty();
            afterPieces(
                    original,
                    1,
                    old -> {
                        old.signOut(LIVE);
                        old.signInMulti(43, "new-session-of-43-signed-in-meanwhile", clock.instant());
                        old.run("UPDATE user_sessions SET user_id = 43 WHERE user_id = 44");
                        old.deleteUser(47);
                        old.run("INSERT INTO users (id, phone) VALUES (47, '+79990009947')");
                        old.run("UPDATE users SET phone = '+79990009945' WHERE id = 45");
                    },
                    (old, moment) -> {
                        try (NewApp app = NewApp.deploy(old.path(), clock)) {
                            assertThat(app.opens(LIVE)).as(moment).isNull();
                            assertThat(app.opens("new-session-of-43-signed-in-meanwhile"))
                                    .as(moment)
                                    .isEqualTo(43);
                            for (String token : old.all("SELECT auth_token FROM user_sessions WHERE user_id = 47")) {
                                assertThat(app.opens(String.valueOf(token)))
                                        .as(moment)
                                        .isNull();
                            }
                            for (String token : moved) {
                                assertThat(app.opens(String.valueOf(token)))
                                        .as(moment)
                                        .isNull();
                            }
                            assertThat(app.trySignIn("+79990009945").toString())
                                    .as(moment)
                                    .contains("Started");
                        }
                    });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1000})
    void a_token_that_is_no_utf8_holds_it_up_no_longer_than_any_other(int rows) throws IOException {
        try (SqliteApp old = old("multi")) {
            old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (42, CAST(x'ff6162' AS TEXT)),"
                    + " (42, CAST(x'c3' AS TEXT)), (43, 'ordinary')");
            old.run("UPDATE users SET auth_token = CAST(x'fe00ff' AS TEXT) WHERE id = 44");
            String expected = atOnce(old);
            migrate(old.path(), rows, Trial.NONE, piece -> {
                if (piece > 500) {
                    throw new IllegalStateException("it does not come to an end");
                }
            });
            assertThat(withoutTimes(old)).isEqualTo(expected);
        }
    }

    /** Its trigger comes first, since it is the newer one, and ours then notes what it was told of. */
    @Test
    void what_a_trigger_of_the_teams_has_changed_behind_ours_is_noted_by_an_upgrade() {
        try (SqliteApp old = old("multi")) {
            migrate(old.path(), 2);
            old.run("CREATE TRIGGER normalised AFTER UPDATE OF phone ON users WHEN NEW.phone LIKE '8%'"
                    + " BEGIN UPDATE users SET phone = '+7' || substr(NEW.phone, 2) WHERE id = NEW.id; END");
            old.run("UPDATE users SET phone = '89990009945' WHERE id = 45");
            assertThat(old.one("SELECT phone FROM multisession_phones WHERE user_id = 45"))
                    .isEqualTo("89990009945");
            old.run("DROP INDEX multisession_users_auth_token");
            old.run("DROP TRIGGER multisession_phone_inserted");
            migrate(old.path(), 2);
            assertThat(missing(old.path())).isEmpty();
            assertThat(old.one("SELECT phone FROM multisession_phones WHERE user_id = 45"))
                    .isEqualTo("+79990009945");
        }
    }

    @Test
    void what_does_not_fit_is_refused_and_the_next_start_does_it_again() {
        try (SqliteApp old = old("multi")) {
            List<String> asked = new ArrayList<>();
            assertThatThrownBy(() -> migrate(old.path(), 2, Trial.NONE, piece -> {
                        // Just before each last look, and behind every pass.
                        if (old.one(
                                        "SELECT count(*) FROM multisession_state WHERE value GLOB 'first #*' AND value NOT GLOB 'first #* *'")
                                .equals("1")) {
                            asked.add("again");
                            old.run("UPDATE multisession_accounts SET phone = 'another' WHERE user_id = 43");
                        }
                    }))
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessageContaining("0 sessions and 1 users");
            assertThat(asked).hasSizeGreaterThan(1);
            assertThat(missing(old.path())).isNotEmpty();
            migrate(old.path(), 2);
            assertThat(missing(old.path())).isEmpty();
            assertThat(old.one("SELECT phone FROM multisession_accounts WHERE user_id = 43"))
                    .isNotEqualTo("another");
        }
    }

    @Test
    void an_uninstall_in_the_middle_of_it_is_told_and_nothing_is_left() throws IOException {
        try (SqliteApp original = old("multi")) {
            int pieces = pieces(original.path());
            for (int at = 1; at < pieces; at += 2) {
                Path file = folder.resolve("uninstalled-" + at + ".db");
                Files.copy(original.path(), file);
                try (SqliteApp old = SqliteApp.open(file)) {
                    int when = at;
                    assertThatThrownBy(() -> migrate(file, 1, Trial.NONE, piece -> {
                                if (piece == when) {
                                    old.all("SELECT 'DROP ' || type || ' ' || name FROM sqlite_master"
                                                    + " WHERE name LIKE 'multisession%' AND type IN ('trigger', 'table')"
                                                    + " ORDER BY type DESC")
                                            .forEach(drop -> old.run(String.valueOf(drop)));
                                    old.run("DROP INDEX IF EXISTS multisession_users_auth_token");
                                }
                            }))
                            .as("after piece " + at)
                            .isInstanceOf(RuntimeException.class);
                    assertThat(old.all("SELECT name FROM sqlite_master WHERE name LIKE 'multisession%'"
                                    + " AND (type IN ('table', 'trigger') OR tbl_name = 'users')"))
                            .as("after piece " + at)
                            .isEmpty();
                }
            }
        }
    }

    @Test
    void what_another_node_has_begun_anew_is_not_noted_as_done_by_one_in_the_middle() throws IOException {
        try (SqliteApp original = old("multi")) {
            String expected = atOnce(original);
            afterPieces(
                    original,
                    1,
                    old -> {
                        if (old.one("SELECT count(*) FROM sqlite_master WHERE name = 'multisession_state'")
                                .equals("1")) {
                            for (String table : List.of("tokens", "rows", "accounts", "phones")) {
                                old.run("DELETE FROM multisession_" + table);
                            }
                            old.run("UPDATE multisession_state"
                                    + " SET value = 'first #another record rows accounts phones shared end'"
                                    + " WHERE name = 'migration'");
                        }
                    },
                    (old, moment) -> assertThat(withoutTimes(old)).as(moment).isEqualTo(expected));
        }
    }

    @Test
    void nothing_that_a_step_sets_off_writes_to_users() {
        try (SqliteApp old = old("multi")) {
            String users = old.rows("users");
            assertThatThrownBy(() -> migrate(old.path(), 1, Trial.NONE, piece -> {
                        if (piece == 1) {
                            old.run("CREATE TRIGGER of_somebody AFTER INSERT ON multisession_phones"
                                    + " BEGIN UPDATE users SET auth_token = NULL WHERE id = NEW.user_id; END");
                        }
                    }))
                    .isInstanceOf(RuntimeException.class);
            assertThat(old.rows("users")).isEqualTo(users);
        }
    }

    @Test
    void whoever_locks_the_database_in_the_middle_of_it_is_waited_for() throws IOException {
        try (SqliteApp original = old("multi")) {
            String expected = atOnce(original);
            int pieces = pieces(original.path());
            for (int at = 1; at < pieces; at++) {
                Path file = folder.resolve("locked-" + at + ".db");
                Files.copy(original.path(), file);
                try (SqliteApp old = SqliteApp.open(file);
                        WhenWaiting letsGo = new WhenWaiting(() -> old.run("ROLLBACK"))) {
                    int when = at;
                    migrate(file, 1, Duration.ofMillis(1), piece -> {
                        if (piece == when) {
                            old.run("BEGIN EXCLUSIVE");
                            letsGo.arm();
                        }
                    });
                    assertThat(letsGo.isArmed()).as("after piece " + at).isFalse();
                    assertThat(withoutTimes(old)).as("after piece " + at).isEqualTo(expected);
                }
            }
        }
    }

    /**
     * Once armed, does something when the migration says that it waits. Until then it may wait as well, on a busy machine
     * for a new connection of its own.
     */
    private static final class WhenWaiting extends Handler implements AutoCloseable {

        private final Logger logger = Logger.getLogger("org.multisession.migration");
        private final AtomicBoolean armed = new AtomicBoolean();
        private final Runnable act;

        WhenWaiting(Runnable act) {
            this.act = act;
            logger.addHandler(this);
        }

        void arm() {
            armed.set(true);
        }

        boolean isArmed() {
            return armed.get();
        }

        @Override
        public void publish(LogRecord entry) {
            if (entry.getMessage().contains("locked by another process; waiting") && armed.getAndSet(false)) {
                act.run();
            }
        }

        @Override
        public void flush() {
            // Nothing is held back.
        }

        @Override
        public void close() {
            logger.removeHandler(this);
        }
    }

    /** One that does not know the mark, made its own triggers, and served. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void the_memory_of_an_earlier_version_that_has_served_meanwhile_is_not_dropped(boolean isOutdated) {
        try (SqliteApp old = old("multi")) {
            String signedOut;
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                signedOut = app.signIn("+79991234567");
                app.signOut(signedOut);
            }
            assertThat(old.legacyTokenOf(42)).isEqualTo(signedOut);
            old.run("INSERT INTO multisession_state (name, value, changed_at)"
                    + " VALUES ('migration', 'first #old record rows', '2020-01-01 00:00:00.000000')");
            if (isOutdated) {
                old.run("DROP TRIGGER multisession_session_inserted");
                old.run("CREATE TRIGGER multisession_session_inserted AFTER INSERT ON user_sessions"
                        + " BEGIN SELECT 1; END");
            }
            migrate(old.path(), 2);
            assertThat(missing(old.path())).isEmpty();
            try (NewApp app = NewApp.deploy(old.path(), clock)) {
                assertThat(app.opens(signedOut)).isNull();
            }
        }
    }

    /** How many pieces a migration of one row at a time has. */
    private int pieces(Path original) throws IOException {
        Path file = folder.resolve("counted.db");
        Files.copy(original, file);
        List<Integer> pieces = new ArrayList<>();
        var unused = migrate(file, 1, Trial.NONE, pieces::add);
        return pieces.size();
    }

    @ParameterizedTest
    @ValueSource(strings = {"single", "multi", "dirty"})
    void a_failure_before_any_statement_leaves_the_old_app_as_it_was_and_the_next_start_goes_on(String script)
            throws IOException {
        try (SqliteApp original = old(script)) {
            String expected = atOnce(original);
            String users = original.rows("users");
            boolean isWhole = false;
            int failed = 0;
            for (int fatal = 1; !isWhole; fatal++) {
                Path file = folder.resolve("failed-" + fatal + ".db");
                Files.copy(original.path(), file);
                isWhole = failsAt(file, fatal);
                failed += isWhole ? 0 : 1;
                try (SqliteApp old = SqliteApp.open(file)) {
                    assertThat(old.rows("users")).isEqualTo(users);
                    if (!isWhole && old.dump().contains("multisession_state")) {
                        assertThat(missing(file)).as("statement " + fatal).isNotEmpty();
                    }
                    if (fatal % 2 == 0) {
                        uninstall(file);
                        assertThat(old.dump()).as("statement " + fatal).isEqualTo(original.dump());
                    }
                    migrate(file, 2);
                    assertThat(withoutTimes(old)).as("statement " + fatal).isEqualTo(expected);
                }
                Files.delete(file);
            }
            assertThat(failed).isGreaterThan(50);
        }
    }

    private boolean failsAt(Path file, int fatal) {
        AtomicInteger statements = new AtomicInteger();
        try {
            migrate(file, 2, Trial.NONE, piece -> {}, statement -> {
                if (statements.incrementAndGet() == fatal) {
                    throw new IllegalStateException("fails here");
                }
            });
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private List<String> missing(Path file) {
        try (SqliteFile claimed = SqliteFile.claim(file, false, "/test");
                Database database = Database.open(claimed, 2, Duration.ofSeconds(5))) {
            return new Migrator(database, clock).missing();
        }
    }

    private void uninstall(Path file) {
        try (SqliteFile claimed = SqliteFile.claim(file, false, "/test");
                Database database = Database.open(claimed, 2, Duration.ofSeconds(5))) {
            new Uninstaller(database, Backup.NONE, Progress.NONE).uninstall(false);
        }
    }

    @Test
    void a_database_on_which_nobody_could_sign_in_is_refused_before_anything_is_changed() {
        try (SqliteApp old = old("multi")) {
            String before = old.dump();
            Trial refusing = (transaction, userColumns) -> {
                throw new MigrationRefusedException("a sign-in cannot work");
            };
            assertThatThrownBy(() -> migrate(old.path(), 1, refusing, piece -> {}))
                    .isInstanceOf(MigrationRefusedException.class)
                    .hasMessage("a sign-in cannot work");
            assertThat(old.dump()).isEqualTo(before);
        }
    }

    @Test
    void a_session_whose_row_is_replaced_by_itself_between_two_steps_lives_on() throws IOException {
        try (SqliteApp original = old("multi")) {
            afterPieces(
                    original,
                    1,
                    old -> old.run(
                            "INSERT OR REPLACE INTO user_sessions (user_id, auth_token, created_at)"
                                    + " VALUES (42, ?, '2020-01-02 03:04:05')",
                            LIVE),
                    (old, moment) -> {
                        try (NewApp app = NewApp.deploy(old.path(), clock)) {
                            assertThat(app.opens(LIVE)).as(moment).isEqualTo(42);
                        }
                    });
        }
    }

    @Test
    void a_table_that_is_rebuilt_between_two_steps_is_watched_again_in_the_end() throws IOException {
        try (SqliteApp original = old("multi")) {
            assertThat(atOnce(original)).contains(LIVE);
            afterPieces(
                    original,
                    3,
                    old -> {
                        old.run("DROP TRIGGER multisession_session_deleted");
                        old.signOut(LIVE);
                    },
                    (old, moment) -> {
                        assertThat(missing(old.path())).as(moment).isEmpty();
                        try (NewApp app = NewApp.deploy(old.path(), clock)) {
                            assertThat(app.opens(LIVE)).as(moment).isNull();
                        }
                    });
        }
    }

    @Test
    void the_longest_wait_of_others_is_told_also_where_a_schema_that_changes_has_it_begin_anew() {
        AtomicLong nanos = new AtomicLong();
        AtomicBoolean isFirst = new AtomicBoolean(true);
        AtomicInteger pieces = new AtomicInteger();
        try (SqliteApp old = old("multi");
                SqliteFile claimed = SqliteFile.claim(old.path(), false, "/test");
                Database database = Database.open(claimed, 2, Duration.ofSeconds(5));
                LogLines log = new LogLines()) {
            Migration.Outcome outcome = new Migrator(
                            database,
                            clock,
                            nanos::get,
                            Backup.NONE,
                            (step, done, total) -> {
                                if (pieces.incrementAndGet() == 5) {
                                    old.run("DROP TRIGGER multisession_session_deleted");
                                }
                            },
                            Trial.NONE,
                            statement -> {
                                if (isFirst.getAndSet(false)) {
                                    nanos.addAndGet(7_000_000_000L);
                                }
                            },
                            0,
                            Pacing.pieces(3))
                    .migrate();
            assertThat(log.all()).anyMatch(line -> line.contains("what is missing is made again"));
            assertThat(outcome.longest().nanos()).isEqualTo(7_000_000_000L);
        }
    }

    @Test
    void two_that_migrate_at_once_share_the_work() throws IOException {
        try (SqliteApp old = old("multi")) {
            String expected = atOnce(old);
            List<String> second = new ArrayList<>();
            try (org.multisession.testing.ChildJvm other =
                    org.multisession.testing.ChildJvm.start(folder, org.multisession.testing.OtherProcess.class)) {
                assertThat(other.ask("open " + old.path())).isEqualTo("opened");
                migrate(old.path(), 1, Trial.NONE, piece -> {
                    if (piece == 5) {
                        second.add(other.ask("migrate"));
                    }
                });
                assertThat(other.ask("who " + LIVE)).isEqualTo("42");
            }
            assertThat(second).containsExactly("made 3");
            assertThat(withoutTimes(old)).isEqualTo(expected);
        }
    }

    @Test
    void nothing_of_the_migration_can_write_users() {
        try (SqliteApp old = old("multi");
                SqliteFile claimed = SqliteFile.claim(old.path(), false, "/test");
                Database database = Database.open(claimed, 2, Duration.ofSeconds(5))) {
            for (String statement : List.of(
                    "UPDATE users SET plan = 'x' WHERE id = 42",
                    "DELETE FROM users WHERE id = 42",
                    "DELETE FROM users",
                    "INSERT INTO users (phone) VALUES ('1')",
                    "INSERT OR REPLACE INTO users (id, phone) VALUES (42, '1')")) {
                String before = old.dump();
                assertThatThrownBy(() -> database.write(transaction -> UsersFence.around(transaction, () -> {
                            try (java.sql.PreparedStatement writing = transaction.prepare(statement)) {
                                return writing.executeUpdate();
                            }
                        })))
                        .as(statement)
                        .hasMessageContaining("the migration must not write users");
                assertThat(old.dump()).isEqualTo(before);
            }
            // It stands only as long as the work.
            database.execute(transaction -> {
                try (java.sql.PreparedStatement writing =
                        transaction.prepare("UPDATE users SET plan = 'x' WHERE id = 42")) {
                    assertThat(writing.executeUpdate()).isEqualTo(1);
                }
            });
        }
    }
}
