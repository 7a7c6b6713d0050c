package org.multisession.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.db.Database;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.Rebuilds;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** Everybody waits for the repair of a large database, so it looks only at what a rebuild can have hidden. */
@SuppressWarnings("NullAway.Init")
class LargeRepairTest {

    private static final List<String> OURS = List.of(
            "multisession_tokens", "multisession_rows", "multisession_accounts", "multisession_phones", "auth_events");

    private final TestClock clock = new TestClock();

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void migrate() {
        try (SqliteApp old = SqliteApp.make(folder, "multi")) {
            file = old.path();
            for (int user = 100; user < 160; user++) {
                old.run(
                        "INSERT INTO users (id, phone, auth_token) VALUES (?, ?, ?)",
                        user,
                        "+7999100%04d".formatted(user),
                        user % 3 == 0 ? null : "legacy-of-" + user);
                for (int session = 0; session < user % 4; session++) {
                    old.run(
                            "INSERT INTO user_sessions (user_id, auth_token) VALUES (?, ?)",
                            user,
                            "session-" + session + "-of-" + user);
                }
            }
        }
        repair(file, Integer.MAX_VALUE, statement -> {});
    }

    private Migration.Outcome repair(Path path, int atOnce, Consumer<String> beforeStatement) {
        return with(
                path,
                database -> new Migrator(
                                database,
                                clock,
                                System::nanoTime,
                                Backup.NONE,
                                Progress.NONE,
                                Trial.NONE,
                                beforeStatement,
                                atOnce,
                                Pacing.alone())
                        .migrate());
    }

    private interface Use<T> {
        T of(Database database);
    }

    private static <T> T with(Path path, Use<T> use) {
        try (SqliteFile claimed = SqliteFile.claim(path, false, "/test");
                Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
            return use.of(database);
        }
    }

    private static void rebuild(SqliteApp old, String tables, Rebuilds.Way way) {
        if (tables.contains("users")) {
            old.run(Rebuilds.users(way));
        }
        if (tables.contains("sessions")) {
            old.run(Rebuilds.sessions(way));
        }
    }

    /** What the old app and people may do in the meantime, to some twenty users. */
    private void muchHappens(SqliteApp old, long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 40; i++) {
            long user = 100L + random.nextInt(60);
            long other = 100L + random.nextInt(60);
            String session = "session-" + random.nextInt(3) + "-of-" + user;
            switch (random.nextInt(10)) {
                case 0 -> old.run("DELETE FROM users WHERE id = ?", user);
                case 1 -> {
                    old.run("DELETE FROM users WHERE id = ?", user);
                    old.run(
                            "INSERT INTO users (id, phone, auth_token) VALUES (?, ?, ?)",
                            user,
                            "+7999%07d".formatted(2_000_000 + 100 * (seed + 10) + i),
                            "legacy-new-" + seed + i);
                }
                case 2 -> old.run("UPDATE users SET phone = '8 (999) 100-' || substr(phone, -4) WHERE id = ?", user);
                case 3 -> old.run("UPDATE users SET auth_token = ? WHERE id = ?", "set-" + seed + i, user);
                case 4 -> old.run("UPDATE users SET auth_token = 'shared' WHERE id IN (?, ?)", user, other);
                case 5 -> old.signOut(session);
                case 6 -> old.signInMulti(user, "new-session-" + seed + i, clock.instant());
                case 7 -> old.run("UPDATE user_sessions SET user_id = ? WHERE auth_token = ?", other, session);
                case 8 -> {
                    old.signOut(session);
                    old.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (?, ?)", user, session);
                }
                default ->
                    old.run("UPDATE user_sessions SET auth_token = ? WHERE auth_token = ?", "x-" + seed + i, session);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"users, BATCH", "sessions, BATCH", "sessions, RENAME_FIRST", "users and sessions, BATCH"})
    void it_comes_to_the_same_rows_as_that_of_a_small_one_and_leaves_nothing_that_a_look_at_all_would_find(
            String tables, Rebuilds.Way way) {
        for (long seed = 1; seed <= 5; seed++) {
            Path small = folder.resolve("small-" + seed + ".db");
            Path large = folder.resolve("large-" + seed + ".db");
            try (SqliteApp old = SqliteApp.open(file)) {
                old.run("VACUUM INTO ?", small.toString());
            }
            try (SqliteApp old = SqliteApp.open(small)) {
                muchHappens(old, -seed);
                rebuild(old, tables, way);
                muchHappens(old, seed);
                old.run("VACUUM INTO ?", large.toString());
            }
            assertThat(repair(small, Integer.MAX_VALUE, statement -> {}).made()).isNotEmpty();
            assertThat(repair(large, 1, statement -> {}).made()).isNotEmpty();
            assertThat(ours(large)).as("seed %d", seed).isEqualTo(ours(small));
            assertThat(with(large, this::leftToFind)).as("seed %d", seed).isZero();
        }
    }

    /** How many tokens a look at everything would record or end. */
    private long leftToFind(Database database) {
        return database.dryRun(transaction -> {
            var unused = Backfill.reconcile(transaction, false, "now", statement -> {});
            try (PreparedStatement statement = transaction.prepare(
                            "SELECT count(*) FROM multisession_tokens WHERE 'now' IN (recorded_at, ended_at)");
                    ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getLong(1) : -1;
            }
        });
    }

    private static List<String> ours(Path path) {
        List<String> rows = new ArrayList<>();
        try (SqliteApp old = SqliteApp.open(path)) {
            OURS.forEach(table -> rows.add(table + "\n" + old.rows(table)));
        }
        return rows;
    }

    @Test
    void where_only_users_was_rebuilt_no_session_is_gone_through() {
        List<String> statements = new ArrayList<>();
        try (SqliteApp old = SqliteApp.open(file)) {
            old.run(Rebuilds.users(Rebuilds.Way.BATCH));
        }
        repair(file, 1, statements::add);
        assertThat(statements).noneMatch(statement -> statement.contains("FROM user_sessions"));
        assertThat(statements).anyMatch(statement -> statement.contains("multisession_accounts"));
    }

    @Test
    void it_cannot_change_a_row_of_users() {
        try (SqliteApp old = SqliteApp.open(file)) {
            old.run(Rebuilds.users(Rebuilds.Way.BATCH));
            old.run("""
                    CREATE TRIGGER theirs AFTER INSERT ON multisession_accounts
                    BEGIN UPDATE users SET phone = NULL WHERE id = NEW.user_id; END
                    """);
            old.run("UPDATE users SET phone = '+79993000000' WHERE id = 100");
            String dump = old.dump();
            assertThatThrownBy(() -> repair(file, 1, statement -> {}))
                    .hasStackTraceContaining("the migration must not write users");
            assertThat(old.dump()).isEqualTo(dump);
        }
    }
}
