package org.multisession.db;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.SqliteApp;

/** Answers that are kept until anybody commits. */
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

    private @Nullable String read(String name) {
        return database.find(handle -> read(handle, name));
    }

    private @Nullable String read(Handle handle, String name) throws SQLException {
        AnswerCache<String, String>.Kept kept = handle.kept(cache);
        String known = kept.answer(name);
        if (known != null || kept.isMissing(name)) {
            return known;
        }
        readings.incrementAndGet();
        String found = handle.query(FIND)
                .bind("name", name)
                .optional(row -> row.text("text"))
                .orElse(null);
        if (found == null) {
            kept.keepMissing(name);
        } else {
            kept.keep(name, found);
        }
        return found;
    }

    private void change(String name, String text) {
        database.write(transaction ->
                transaction.update(CHANGE).bind("text", text).bind("name", name).run());
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
        String late = database.find(handle -> {
            AnswerCache<String, String>.Kept kept = handle.kept(cache);
            String found = handle.query(FIND).bind("name", "a").one(row -> row.requiredText("text"));
            old.run("UPDATE notes SET text = 'second' WHERE name = 'a'");
            // Others have looked since, on connections of their own, before this answer is kept.
            assertThat(elsewhere(() -> read("a"))).isEqualTo("second");
            kept.keep("a", found);
            return found;
        });

        assertThat(late).isEqualTo("first");
        for (int i = 0; i < 10; i++) {
            assertThat(read("a")).isEqualTo("second");
        }
    }

    @Test
    void whichever_connection_asks_after_a_commit_answers_by_it() {
        // All three connections have answered, and only one of them looks between two commits.
        for (int i = 0; i < 20; i++) {
            String expected = "" + i;
            old.run("UPDATE notes SET text = '" + i + "' WHERE name = 'a'");
            AtomicReference<@Nullable String> second = new AtomicReference<>();
            AtomicReference<@Nullable String> third = new AtomicReference<>();
            String first = database.find(one -> {
                second.set(elsewhere(() -> database.find(two -> {
                    third.set(elsewhere(() -> read("a")));
                    return read(two, "a");
                })));
                return read(one, "a");
            });

            assertThat(new String[] {first, second.get(), third.get()}).containsOnly(expected);
        }
    }

    @Test
    void a_transaction_keeps_nothing_and_is_given_nothing() {
        read("a");
        String inside = database.write(transaction -> {
            transaction.update(CHANGE).bind("text", "mine").bind("name", "a").run();
            return String.valueOf(read(transaction, "a"));
        });

        assertThat(inside).isEqualTo("mine");
    }

    @Test
    void nothing_is_kept_of_a_transaction_that_is_rolled_back() {
        database.dryRun(transaction -> {
            transaction.update(CHANGE).bind("text", "never").bind("name", "a").run();
            return String.valueOf(read(transaction, "a"));
        });

        assertThat(read("a")).isEqualTo("first");
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
