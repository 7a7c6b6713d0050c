package org.multisession.db;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.SqliteApp;

/** Answers that are kept until anybody commits what may change them. */
class AnswerCacheTest {

    private static final Sql FIND = Sql.of("find a note", "SELECT text FROM notes WHERE name = :name");
    private static final Sql CHANGE = Sql.of("change a note", "UPDATE notes SET text = :text WHERE name = :name");

    @TempDir
    Path folder;

    SqliteApp old;
    SqliteFile file;
    Database database;
    AnswerCache<String, String> cache = new AnswerCache<>(100);
    AtomicInteger readings = new AtomicInteger();

    @BeforeEach
    void open() {
        old = SqliteApp.makeBy(folder, """
                CREATE TABLE notes (name TEXT UNIQUE NOT NULL, text TEXT);
                INSERT INTO notes VALUES ('a', 'first');
                """);
        file = SqliteFile.claim(old.path(), false, "/test");
        database = Database.open(file, 3, Duration.ofSeconds(1));
    }

    @AfterEach
    void close() {
        database.close();
        file.close();
        old.close();
    }

    /** With a rollback journal, and nothing asked yet. */
    private void openAnew(Duration busyTimeout) {
        useWriteAheadLog(false);
        database.close();
        file = SqliteFile.claim(old.path(), false, "/test");
        database = Database.open(file, 3, busyTimeout);
    }

    private @Nullable String read(String name) {
        AnswerCache<String, String>.Kept kept = database.kept(cache);
        String known = kept.answer(name);
        if (known != null || kept.isMissing(name)) {
            return known;
        }
        String found = find(name);
        kept.keep(name, found);
        return found;
    }

    private @Nullable String find(String name) {
        readings.incrementAndGet();
        return database.find(handle -> handle.query(FIND)
                .bind("name", name)
                .optional(row -> row.text("text"))
                .orElse(null));
    }

    private static void change(Transaction transaction, String name, String text) {
        transaction.update(CHANGE).bind("text", text).bind("name", name).run();
    }

    private void changeAside(String name, String text) {
        database.executeAside(cache, List.of(name), transaction -> change(transaction, name, text));
    }

    private void change(String name, String text) {
        database.execute(transaction -> change(transaction, name, text));
    }

    private void useWriteAheadLog(boolean isUsed) {
        old.run("PRAGMA journal_mode=" + (isUsed ? "WAL" : "DELETE"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void an_answer_is_read_once_while_nobody_writes(boolean writeAheadLog) {
        useWriteAheadLog(writeAheadLog);
        assertThat(read("a")).isEqualTo("first");
        assertThat(read("a")).isEqualTo("first");
        assertThat(read("none")).isNull();
        assertThat(read("none")).isNull();

        assertThat(readings).hasValue(2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void what_another_program_commits_is_in_the_next_answer(boolean writeAheadLog) {
        useWriteAheadLog(writeAheadLog);
        for (int i = 0; i < 20; i++) {
            old.run("UPDATE notes SET text = '" + i + "' WHERE name = 'a'");
            assertThat(read("a")).isEqualTo("" + i);
        }
        old.run("INSERT INTO notes VALUES ('none', 'now')");
        assertThat(read("none")).isEqualTo("now");
        old.run("DELETE FROM notes");
        assertThat(read("a")).isNull();
    }

    @Test
    void what_we_commit_ourselves_is_in_the_next_answer() {
        assertThat(read("a")).isEqualTo("first");
        change("a", "second");
        assertThat(read("a")).isEqualTo("second");
    }

    @Test
    void a_change_of_the_schema_alone_makes_each_answer_be_read_again() {
        read("a");
        old.run("CREATE TABLE others (id INTEGER)");
        read("a");

        assertThat(readings).hasValue(2);
    }

    @Test
    void an_answer_that_was_read_before_a_commit_is_not_given_after_it() {
        AnswerCache<String, String>.Kept kept = database.kept(cache);
        String late = find("a");
        old.run("UPDATE notes SET text = 'second' WHERE name = 'a'");
        // Others have looked since, before this answer is kept.
        assertThat(read("a")).isEqualTo("second");
        kept.keep("a", late);

        assertThat(late).isEqualTo("first");
        for (int i = 0; i < 10; i++) {
            assertThat(read("a")).isEqualTo("second");
        }
    }

    @Test
    void nobody_waits_for_a_lock_to_learn_that_nothing_is_known() {
        useWriteAheadLog(false);
        read("a");
        readings.set(0);
        old.run("BEGIN EXCLUSIVE");
        assertThat(database.kept(cache).answer("a")).isNull();
        old.run("ROLLBACK");

        assertThat(read("a")).isEqualTo("first");
        assertThat(readings).hasValue(0);
    }

    /** Nor does it wait for what it asks by, of which there is none before the first request. */
    @Test
    void nobody_waits_for_a_lock_to_learn_of_the_first_time_that_nothing_is_known() throws Exception {
        openAnew(Duration.ofMinutes(10));
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            old.run("BEGIN EXCLUSIVE");
            assertThat(thread.submit(() -> database.kept(cache).answer("a")).get(60, SECONDS))
                    .isNull();
        } finally {
            old.run("ROLLBACK");
            thread.shutdownNow();
        }

        assertThat(read("a")).isEqualTo("first");
        assertThat(read("a")).isEqualTo("first");
        assertThat(readings).hasValue(1);
    }

    @Nested
    @DisplayName("A commit of ours that changes few answers")
    class Aside {

        @BeforeEach
        void more() {
            old.run("INSERT INTO notes VALUES ('b', 'other')");
        }

        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void leaves_the_others(boolean writeAheadLog) {
            useWriteAheadLog(writeAheadLog);
            read("a");
            read("b");
            read("none");
            readings.set(0);
            changeAside("a", "second");

            assertThat(read("b")).isEqualTo("other");
            assertThat(read("none")).isNull();
            assertThat(readings).hasValue(0);
            assertThat(read("a")).isEqualTo("second");
        }

        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void leaves_none_where_others_have_committed_before_it_or_after_it(boolean writeAheadLog) {
            useWriteAheadLog(writeAheadLog);
            for (int i = 0; i < 20; i++) {
                read("b");
                if (i % 2 == 0) {
                    old.run("UPDATE notes SET text = 'by others " + i + "' WHERE name = 'b'");
                    changeAside("a", "ours " + i);
                } else {
                    changeAside("a", "ours " + i);
                    old.run("UPDATE notes SET text = 'by others " + i + "' WHERE name = 'b'");
                }
                assertThat(read("b")).isEqualTo("by others " + i);
                assertThat(read("a")).isEqualTo("ours " + i);
            }
        }

        @Test
        void leaves_none_where_a_trigger_has_changed_more() {
            old.run("CREATE TRIGGER follows AFTER UPDATE ON notes WHEN NEW.name = 'a'"
                    + " BEGIN UPDATE notes SET text = NEW.text WHERE name = 'b'; END");
            read("b");
            changeAside("a", "second");

            assertThat(read("b")).isEqualTo("second");
        }

        @Test
        void leaves_none_where_a_foreign_key_has_changed_more() {
            old.run("CREATE TABLE parts (name TEXT REFERENCES notes (name) ON DELETE CASCADE, text TEXT)");
            old.run("INSERT INTO parts VALUES ('a', 'part')");
            Sql part = Sql.of("find a part", "SELECT text FROM parts WHERE name = :name");
            AnswerCache<String, String> parts = new AnswerCache<>(100);
            parts(parts, part);
            database.executeAside(
                    cache,
                    List.of("a"),
                    transaction -> transaction
                            .update(Sql.of("delete a note", "DELETE FROM notes WHERE name = :name"))
                            .bind("name", "a")
                            .run());

            assertThat(parts(parts, part)).isNull();
        }

        private @Nullable String parts(AnswerCache<String, String> parts, Sql part) {
            AnswerCache<String, String>.Kept kept = database.kept(parts);
            String known = kept.answer("a");
            if (known == null) {
                known = database.find(handle -> handle.query(part)
                        .bind("name", "a")
                        .optional(row -> row.text("text"))
                        .orElse(null));
                kept.keep("a", known);
            }
            return known;
        }

        @Test
        void is_not_overtaken_by_an_answer_that_was_read_before_it() {
            AnswerCache<String, String>.Kept kept = database.kept(cache);
            String late = find("a");
            changeAside("a", "second");
            kept.keep("a", late);

            assertThat(read("a")).isEqualTo("second");
        }

        @Test
        void keeps_and_gives_nothing_while_it_is_under_way() {
            read("a");
            read("b");
            readings.set(0);
            database.executeAside(cache, List.of("a"), transaction -> {
                change(transaction, "a", "second");
                assertThat(elsewhere(() -> read("a"))).isEqualTo("first");
                assertThat(elsewhere(() -> read("b"))).isEqualTo("other");
            });

            assertThat(readings).hasValue(2);
            assertThat(read("a")).isEqualTo("second");
        }

        @Test
        void that_fails_changes_nothing_and_leaves_none() {
            read("a");
            assertThatThrownBy(() -> database.executeAside(cache, List.of("a"), transaction -> {
                        change(transaction, "a", "never");
                        throw new IllegalStateException("on purpose");
                    }))
                    .hasMessage("on purpose");
            readings.set(0);

            assertThat(read("a")).isEqualTo("first");
            assertThat(readings).hasValue(1);
            changeAside("a", "second");
            assertThat(read("a")).isEqualTo("second");
        }

        @Test
        void waits_for_a_lock_also_where_it_is_the_first_thing_that_is_done() throws Exception {
            openAnew(Duration.ofMinutes(10));
            ExecutorService thread = Executors.newSingleThreadExecutor();
            try {
                old.run("BEGIN EXCLUSIVE");
                Future<?> waiting = thread.submit(() -> changeAside("a", "second"));
                while (database.writer().active() == 0) {
                    Thread.onSpinWait();
                }
                old.run("ROLLBACK");
                waiting.get();
            } finally {
                thread.shutdownNow();
            }

            assertThat(read("a")).isEqualTo("second");
        }

        @Test
        void waits_for_somebody_elses_lock_like_any_other_while_answers_are_given() throws Exception {
            useWriteAheadLog(true);
            read("b");
            readings.set(0);
            ExecutorService thread = Executors.newSingleThreadExecutor();
            try {
                old.run("BEGIN IMMEDIATE");
                Future<?> waiting = thread.submit(() -> changeAside("a", "second"));
                // By then it has found the lock taken, and waits where nobody else does.
                while (database.writer().active() == 0) {
                    Thread.onSpinWait();
                }
                assertThat(read("b")).isEqualTo("other");
                old.run("COMMIT");
                waiting.get();
            } finally {
                thread.shutdownNow();
            }

            assertThat(read("a")).isEqualTo("second");
        }
    }

    @Test
    void no_more_is_kept_than_is_allowed_and_strangers_take_no_place_of_others() {
        for (int i = 0; i < 1000; i++) {
            read("nobody" + i);
        }
        read("a");
        readings.set(0);
        read("a");
        assertThat(readings).hasValue(0);

        for (int i = 0; i < 1000; i++) {
            read("nobody" + i);
        }
        assertThat(readings).hasValue(900);
    }

    @Test
    void another_file_in_the_place_of_ours_starts_with_nothing() throws Exception {
        read("a");
        Path other = folder.resolve("other.db");
        try (SqliteApp replacement = SqliteApp.makeBy(
                Files.createDirectory(folder.resolve("other")),
                "CREATE TABLE notes (name TEXT UNIQUE NOT NULL, text TEXT); INSERT INTO notes VALUES ('a', 'other')")) {
            Files.copy(replacement.path(), other);
        }
        Files.move(other, old.path(), StandardCopyOption.REPLACE_EXISTING);
        database.continueOn(database.openSuccessor("/test"));

        assertThat(read("a")).isEqualTo("other");
    }

    private static <T extends @Nullable Object> T elsewhere(java.util.concurrent.Callable<T> work) {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<T> result = thread.submit(work);
            return result.get();
        } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
            throw new AssertionError(e);
        } finally {
            thread.shutdownNow();
        }
    }
}
