package org.multisession.db;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.testing.LogLines;
import org.multisession.testing.SqliteApp;
import org.sqlite.SQLiteConnection;

/** The database file and its connections: what each one is set to, what is kept, and what happens when others lock. */
class DatabaseTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofSeconds(1);

    private static final String COUNTERS = """
            CREATE TABLE counters (name TEXT NOT NULL UNIQUE, value INTEGER NOT NULL);
            INSERT INTO counters VALUES ('ours', 0), ('theirs', 0);
            CREATE TABLE parents (id INTEGER PRIMARY KEY);
            CREATE TABLE children (parent INTEGER REFERENCES parents (id));
            CREATE TABLE blobs (data BLOB);
            """;

    @TempDir
    Path folder;

    SqliteApp old;

    @BeforeEach
    void makeAnOldDatabase() {
        old = SqliteApp.makeBy(folder, COUNTERS);
    }

    @AfterEach
    void closeIt() {
        old.close();
    }

    private interface Use {
        void with(Database database) throws Exception;
    }

    private void open(Duration busyTimeout, Use test) throws Exception {
        try (SqliteFile file = SqliteFile.claim(old.path(), false, "/test");
                Database database = Database.open(file, 3, busyTimeout)) {
            test.with(database);
        }
    }

    private static int run(Handle handle, String sql) throws SQLException {
        try (PreparedStatement statement = handle.prepare(sql)) {
            return statement.executeUpdate();
        }
    }

    private static String one(Handle handle, String sql) throws SQLException {
        try (PreparedStatement statement = handle.prepare(sql);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }

    private static int count(Database database) {
        return database.write(
                transaction -> run(transaction, "UPDATE counters SET value = value + 1 WHERE name = 'ours'"));
    }

    private String counted(String name) {
        return old.one("SELECT value FROM counters WHERE name = ?", name);
    }

    private Set<String> listing() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return Set.copyOf(files.map(path -> path.getFileName().toString()).toList());
        }
    }

    @Nested
    @DisplayName("Every connection is set to what the promises rest on")
    class Pragmas {

        @Test
        void every_reader_has_its_pragmas_and_cannot_write() throws Exception {
            open(Duration.ofMillis(4321), database -> {
                Set<Connection> seen = ConcurrentHashMap.newKeySet();
                // All at once, so that each has a connection of its own.
                CyclicBarrier together = new CyclicBarrier(3);
                atOnce(
                        3,
                        () -> database.read(handle -> {
                            await(together);
                            seen.add(handle.connection().unwrap(SQLiteConnection.class));
                            assertThat(pragmas(handle)).containsExactly("1", "4321", "2", "1");
                            assertThatThrownBy(() -> run(handle, "UPDATE counters SET value = 9"))
                                    .isInstanceOf(SQLException.class);
                            await(together);
                            return true;
                        }));
                assertThat(seen).hasSize(3);
                assertThat(counted("ours")).isEqualTo("0");
            });
        }

        @Test
        void the_writer_has_its_pragmas_also_after_it_was_replaced() throws Exception {
            open(Duration.ofMillis(4321), database -> {
                Set<Connection> seen = ConcurrentHashMap.newKeySet();
                for (int i = 0; i < 3; i++) {
                    database.write(transaction -> {
                        seen.add(transaction.connection().unwrap(SQLiteConnection.class));
                        assertThat(pragmas(transaction)).containsExactly("1", "4321", "2", "0");
                        return true;
                    });
                    assertThatThrownBy(() -> database.write(transaction -> run(transaction, "no such statement")))
                            .isInstanceOf(DatabaseException.class);
                }
                assertThat(seen).hasSize(3);
            });
        }

        @Test
        void a_foreign_key_is_enforced() throws Exception {
            open(LONG, database -> {
                assertThatThrownBy(() ->
                                database.write(transaction -> run(transaction, "INSERT INTO children VALUES (7)")))
                        .isInstanceOf(DatabaseException.class)
                        .hasMessageContaining("FOREIGN KEY");
                assertThat(old.one("SELECT count(*) FROM children")).isEqualTo("0");
            });
        }

        private static List<String> pragmas(Handle handle) throws SQLException {
            List<String> values = new ArrayList<>();
            for (String pragma : List.of("foreign_keys", "busy_timeout", "synchronous", "query_only")) {
                values.add(one(handle, "PRAGMA " + pragma));
            }
            return values;
        }
    }

    @Nested
    @DisplayName("Opening")
    class Opening {

        @Test
        void a_missing_file_is_refused_and_none_is_made() throws IOException {
            Path missing = folder.resolve("missing.db");
            Set<String> before = listing();
            assertThatThrownBy(() -> SqliteFile.claim(missing, false, "/test").close())
                    .isInstanceOf(DatabaseException.class)
                    .hasMessageStartingWith("there is no file " + missing + ".");
            assertThat(listing()).isEqualTo(before);
        }

        @Test
        void a_file_that_goes_after_it_was_claimed_is_not_made_anew() throws IOException {
            Path going = Files.createFile(folder.resolve("going.db"));
            try (SqliteFile file = SqliteFile.claim(going, false, "/test")) {
                Files.delete(going);
                assertThatThrownBy(() -> Database.open(file, 1, SHORT).close()).isInstanceOf(DatabaseException.class);
            }
            assertThat(Files.exists(going)).isFalse();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "with spaces and 'quotes'.db",
                    "100%25 sure.db",
                    "per%cent%2Fsign.db",
                    "number#1.db",
                    "a&b=c;d.db",
                    "база данных.db",
                    "d\u00e9j\u00e0 \u65e5\u672c.db",
                    "file:x.db",
                    ":memory:",
                    "back\\slash.db",
                    "question?mark=1.db",
                    "question?.db"
                })
        void a_file_of_any_name_is_the_one_that_is_opened(String name) throws Exception {
            Path odd = folder.resolve(name);
            old.close();
            Files.move(old.path(), odd);
            Set<String> before = listing();
            try (SqliteFile file = SqliteFile.claim(odd, false, "/test");
                    Database database = Database.open(file, 1, SHORT)) {
                assertThat(count(database)).isEqualTo(1);
            }
            assertThat(listing()).isEqualTo(before);
            Files.move(odd, old.path());
            old = SqliteApp.open(old.path());
            assertThat(counted("ours")).isEqualTo("1");
        }

        @Test
        void a_new_file_is_for_this_account_only_and_has_a_write_ahead_log() throws IOException {
            Path fresh = folder.resolve("deep").resolve("down").resolve("new.db");
            try (SqliteFile file = SqliteFile.claim(fresh, true, "/test")) {
                if (Files.getFileStore(folder).supportsFileAttributeView("posix")) {
                    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(fresh)))
                            .isEqualTo("rw-------");
                }
                try (Database database = Database.open(file, 1, SHORT)) {
                    assertThat(database.read(database.source()::describe)).endsWith("journal mode " + "wal");
                }
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"wal", "delete"})
        void an_old_file_keeps_its_journal_mode_also_where_a_new_one_could_be_made(String mode) throws Exception {
            old.run("PRAGMA journal_mode=" + mode);
            try (SqliteFile file = SqliteFile.claim(old.path(), true, "/test");
                    Database database = Database.open(file, 1, SHORT)) {
                assertThat(database.read(database.source()::describe)).endsWith("journal mode " + mode);
                count(database);
            }
            old.close();
            assertThat(old.journalBytes()).isEqualTo(mode.equals("wal") ? "2 2" : "1 1");
        }
    }

    @Nested
    @DisplayName("One owner per file and JVM")
    class Guard {

        @Test
        void a_second_owner_is_refused_and_told_who_is_the_first() throws IOException {
            Path link = Files.createSymbolicLink(folder.resolve("link.db"), old.path());
            Path roundabout = folder.resolve("..").resolve(folder.getFileName()).resolve("old-app.db");
            try (SqliteFile file = SqliteFile.claim(old.path(), false, "/first")) {
                for (Path path : List.of(old.path(), link, roundabout)) {
                    assertThatThrownBy(() ->
                                    SqliteFile.claim(path, false, "/second").close())
                            .as(path.toString())
                            .isInstanceOf(DatabaseException.class)
                            .hasMessageContaining("already open in this Tomcat, in the application at '/first'");
                }
                assertThat(file.path()).isEqualTo(old.path());
            }
        }

        @Test
        void a_file_of_two_names_is_refused_by_either_with_the_reason() throws IOException {
            Path hardLink = Files.createLink(folder.resolve("hard-link.db"), old.path());
            for (Path path : List.of(old.path(), hardLink)) {
                assertThatThrownBy(() -> SqliteFile.claim(path, false, "/test").close())
                        .isInstanceOf(DatabaseException.class)
                        .hasMessageStartingWith(path + " has 2 names (hard links).")
                        .hasMessageContaining("SQLite keeps a log beside each name");
            }
            Files.delete(hardLink);
            SqliteFile.claim(old.path(), false, "/test").close();
        }

        /** Whoever opened the file before would lose its locks as soon as that work gives back its own. */
        @ParameterizedTest
        @ValueSource(strings = {"reads", "writes"})
        void a_claim_lasts_as_long_as_something_is_at_work_on_the_file(String how) throws Exception {
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            Database.Work<Handle, String> work = handle -> {
                begun.countDown();
                await(goOn);
                return one(
                        handle,
                        how.equals("writes")
                                ? "UPDATE counters SET value = 7 RETURNING value"
                                : "SELECT value FROM counters");
            };
            int descriptors = descriptors();
            Database database = Database.open(SqliteFile.claim(old.path(), false, "/first"), 3, LONG);
            ExecutorService threads = Executors.newSingleThreadExecutor();
            try {
                Future<String> late =
                        threads.submit(() -> how.equals("writes") ? database.write(work) : database.read(work));
                await(begun);
                database.close(Duration.ZERO);
                assertThatThrownBy(() -> database.read(handle -> 1)).hasMessageContaining("the database is closed");
                assertThatThrownBy(() ->
                                SqliteFile.claim(old.path(), false, "/second").close())
                        .hasMessageContaining("in the application at '/first'");
                goOn.countDown();
                assertThat(late.get(20, SECONDS)).isEqualTo(how.equals("writes") ? "7" : "0");
            } finally {
                goOn.countDown();
                threads.shutdownNow();
            }
            assertThat(counted("ours")).isEqualTo(how.equals("writes") ? "7" : "0");
            assertThat(descriptors()).isEqualTo(descriptors);
            SqliteFile.claim(old.path(), false, "/second").close();
        }

        private int descriptors() throws IOException {
            Path all = Path.of("/proc/self/fd");
            int found = 0;
            if (Files.isDirectory(all)) {
                try (DirectoryStream<Path> each = Files.newDirectoryStream(all)) {
                    for (Path descriptor : each) {
                        found += Files.exists(descriptor) && Files.isSameFile(descriptor, old.path()) ? 1 : 0;
                    }
                }
            }
            return found;
        }

        @Test
        void a_claim_is_free_again_once_it_was_closed_and_only_its_owner_frees_it() {
            SqliteFile first = SqliteFile.claim(old.path(), false, "/first");
            first.close();
            try (SqliteFile second = SqliteFile.claim(old.path(), false, "/second")) {
                first.close();
                assertThatThrownBy(() ->
                                SqliteFile.claim(old.path(), false, "/third").close())
                        .hasMessageContaining("'/second'");
                assertThat(second.path()).isEqualTo(old.path());
            }
        }

        @Test
        void two_files_have_two_owners() {
            try (SqliteApp another = SqliteApp.open(folder.resolve("another.db"))) {
                another.run("CREATE TABLE t (x)");
                try (SqliteFile one = SqliteFile.claim(old.path(), false, "/first");
                        SqliteFile two = SqliteFile.claim(another.path(), false, "/second")) {
                    assertThat(one.path()).isNotEqualTo(two.path());
                }
            }
        }

        @Test
        void a_second_application_with_classes_of_its_own_is_refused_too() throws Exception {
            try (URLClassLoader otherApplication =
                    new URLClassLoader(classPath(), ClassLoader.getPlatformClassLoader())) {
                Class<?> itsOwn = otherApplication.loadClass(SqliteFile.class.getName());
                assertThat(itsOwn).isNotSameAs(SqliteFile.class);
                Method claim = itsOwn.getMethod("claim", Path.class, boolean.class, String.class);
                try (SqliteFile file = SqliteFile.claim(old.path(), false, "/first")) {
                    assertThat(file.path()).isEqualTo(old.path());
                    assertThatThrownBy(() -> claim.invoke(null, old.path(), false, "/second"))
                            .isInstanceOf(InvocationTargetException.class)
                            .cause()
                            .hasMessageContaining("in the application at '/first'");
                }
                try (AutoCloseable theirs = (AutoCloseable) claim.invoke(null, old.path(), false, "/second")) {
                    assertThat(theirs).isNotNull();
                    assertThatThrownBy(() -> SqliteFile.claim(old.path(), false, "/first")
                                    .close())
                            .hasMessageContaining("in the application at '/second'");
                }
            }
            SqliteFile.claim(old.path(), false, "/first").close();
        }

        private static URL[] classPath() throws IOException {
            List<URL> urls = new ArrayList<>();
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                urls.add(Path.of(entry).toUri().toURL());
            }
            return urls.toArray(URL[]::new);
        }
    }

    @Nested
    @DisplayName("A write is kept whole or not at all")
    class Writes {

        @Test
        void what_was_written_is_there_for_everybody() throws Exception {
            open(LONG, database -> {
                count(database);
                assertThat(counted("ours")).isEqualTo("1");
                assertThat(database.<String>read(
                                handle -> one(handle, "SELECT value FROM counters WHERE name = 'ours'")))
                        .isEqualTo("1");
            });
        }

        @Test
        void an_exception_on_the_way_leaves_nothing_and_the_next_write_works() throws Exception {
            open(LONG, database -> {
                assertThatThrownBy(() -> database.write(transaction -> {
                            run(transaction, "UPDATE counters SET value = 9");
                            throw new IllegalStateException("on purpose");
                        }))
                        .isInstanceOf(IllegalStateException.class);
                assertThat(counted("ours")).isEqualTo("0");
                assertThatThrownBy(() -> database.write(transaction -> {
                            run(transaction, "UPDATE counters SET value = 9");
                            throw new SQLException("on purpose");
                        }))
                        .isInstanceOf(DatabaseException.class);
                assertThatThrownBy(() -> database.write(transaction -> {
                            run(transaction, "UPDATE counters SET value = 9");
                            throw new AssertionError("on purpose");
                        }))
                        .isInstanceOf(AssertionError.class);
                assertThat(counted("ours")).isEqualTo("0");
                count(database);
                assertThat(counted("ours")).isEqualTo("1");
            });
        }

        @Test
        void a_broken_constraint_leaves_nothing_and_the_next_write_works() throws Exception {
            open(LONG, database -> {
                assertThatThrownBy(() -> database.write(transaction -> {
                            run(transaction, "UPDATE counters SET value = 9");
                            try (PreparedStatement insert = transaction.prepare("INSERT INTO counters VALUES (?, 1)")) {
                                insert.setString(1, "ours");
                                insert.executeUpdate();
                            }
                            return true;
                        }))
                        .isInstanceOf(DatabaseException.class)
                        .isNotInstanceOf(DatabaseBusyException.class)
                        .hasMessageContaining("UNIQUE constraint failed: counters.name")
                        .hasMessageNotContaining("ours");
                assertThat(counted("ours")).isEqualTo("0");
                count(database);
                assertThat(counted("ours")).isEqualTo("1");
            });
        }

        @Test
        void a_transaction_that_ended_by_itself_leaves_nothing_and_the_next_write_works() throws Exception {
            open(LONG, database -> {
                assertThatThrownBy(() -> database.write(transaction -> {
                            run(transaction, "UPDATE counters SET value = 9");
                            run(transaction, "INSERT OR ROLLBACK INTO counters VALUES ('ours', 1)");
                            return true;
                        }))
                        .isInstanceOf(DatabaseException.class);
                assertThat(counted("ours")).isEqualTo("0");
                count(database);
                assertThat(counted("ours")).isEqualTo("1");
            });
        }

        @ParameterizedTest
        @ValueSource(strings = {"wal", "delete"})
        void a_full_disk_is_said_to_be_full_and_the_next_write_works_once_there_is_space(String mode) throws Exception {
            old.run("PRAGMA journal_mode=" + mode);
            open(LONG, database -> {
                for (int round = 0; round < 2; round++) {
                    assertThatThrownBy(() -> database.write(transaction -> {
                                run(transaction, "UPDATE counters SET value = 9");
                                one(transaction, "PRAGMA max_page_count = 8");
                                return run(transaction, "INSERT INTO blobs VALUES (zeroblob(1000000))");
                            }))
                            .isInstanceOf(DatabaseException.class)
                            .hasMessage("the disk of the database, or that of SQLite's temporary files, is full");
                }
                assertThat(counted("ours")).isEqualTo("0");
                count(database);
                database.write(transaction -> run(transaction, "INSERT INTO blobs VALUES (zeroblob(1000000))"));
                assertThat(counted("ours")).isEqualTo("1");
                assertThat(old.one("PRAGMA integrity_check")).isEqualTo("ok");
            });
        }

        @Test
        void writers_of_one_process_queue_and_lose_nothing() throws Exception {
            open(LONG, database -> {
                atOnce(4, () -> {
                    for (int i = 0; i < 25; i++) {
                        database.write(transaction -> {
                            int seen = Integer.parseInt(
                                    one(transaction, "SELECT value FROM counters WHERE name = 'ours'"));
                            return run(
                                    transaction, "UPDATE counters SET value = " + (seen + 1) + " WHERE name = 'ours'");
                        });
                    }
                    return true;
                });
                assertThat(counted("ours")).isEqualTo("100");
            });
        }
    }

    @Nested
    @DisplayName("Work without a result, and looks that may find nothing")
    class Forms {

        @Test
        void an_act_is_kept_as_a_whole_or_not_at_all() throws Exception {
            open(LONG, database -> {
                database.execute(transaction -> run(transaction, "UPDATE counters SET value = 7 WHERE name = 'ours'"));
                assertThat(counted("ours")).isEqualTo("7");
                assertThatThrownBy(() -> database.execute(transaction -> {
                            run(transaction, "UPDATE counters SET value = 8");
                            throw new IllegalStateException("on purpose");
                        }))
                        .hasMessage("on purpose");
                assertThat(counted("ours")).isEqualTo("7");
            });
        }

        @Test
        void a_search_says_what_it_has_found_or_null() throws Exception {
            open(LONG, database -> {
                assertThat(database.<String>find(handle -> one(handle, "SELECT 'there'")))
                        .isEqualTo("there");
                assertThat(database.<String>find(handle -> null)).isNull();
            });
        }
    }

    @Nested
    @DisplayName("Beside the old app")
    class Beside {

        @ParameterizedTest
        @ValueSource(strings = {"wal", "delete"})
        void an_idle_pool_holds_no_lock(String mode) throws Exception {
            old.run("PRAGMA journal_mode=" + mode);
            old.run("PRAGMA busy_timeout=0");
            open(LONG, database -> {
                for (int i = 0; i < 3; i++) {
                    count(database);
                    old.run("UPDATE counters SET value = value + 1 WHERE name = 'theirs'");
                    database.<String>read(handle -> one(handle, "SELECT count(*) FROM counters"));
                    old.run("BEGIN EXCLUSIVE");
                    old.run("UPDATE counters SET value = value + 1 WHERE name = 'theirs'");
                    old.run("COMMIT");
                    assertThatThrownBy(() -> database.write(transaction -> {
                                run(transaction, "UPDATE counters SET value = 9");
                                throw new IllegalStateException("on purpose");
                            }))
                            .isInstanceOf(IllegalStateException.class);
                    old.run("UPDATE counters SET value = value + 1 WHERE name = 'theirs'");
                }
                assertThat(counted("ours")).isEqualTo("3");
                assertThat(counted("theirs")).isEqualTo("9");
            });
        }

        @ParameterizedTest
        @ValueSource(strings = {"wal", "delete"})
        void a_write_has_the_lock_before_its_first_statement_so_nobody_can_write_after_it_has_read(String mode)
                throws Exception {
            old.run("PRAGMA journal_mode=" + mode);
            old.run("PRAGMA busy_timeout=0");
            open(LONG, database -> {
                database.write(transaction -> {
                    assertThatThrownBy(() -> old.run("UPDATE counters SET value = 9"))
                            .hasRootCauseMessage(LOCKED);
                    return true;
                });
                old.run("UPDATE counters SET value = 9");
            });
        }

        @Test
        void who_waits_in_vain_for_a_reader_is_not_told_of_somebody_elses_lock() throws Exception {
            open(SHORT, database -> {
                CyclicBarrier allInUse = new CyclicBarrier(4);
                ExecutorService threads = Executors.newFixedThreadPool(3);
                try {
                    for (int i = 0; i < 3; i++) {
                        threads.execute(() -> database.<Boolean>read(handle -> {
                            await(allInUse);
                            await(allInUse);
                            return true;
                        }));
                    }
                    await(allInUse);
                    assertThatThrownBy(() -> database.<String>read(handle -> one(handle, "SELECT 1")))
                            .isInstanceOf(DatabaseBusyException.class)
                            .hasMessage("no connection to the database became free in time: this application uses all"
                                    + " of them");
                    await(allInUse);
                } finally {
                    threads.shutdown();
                }
            });
        }

        @Test
        void who_finds_all_readers_in_use_gives_up_long_before_a_lock_would_be_given_up() throws Exception {
            open(LONG, database -> {
                CyclicBarrier allInUse = new CyclicBarrier(4);
                CountDownLatch released = new CountDownLatch(1);
                ExecutorService threads = Executors.newFixedThreadPool(3);
                try {
                    for (int i = 0; i < 3; i++) {
                        threads.execute(() -> database.<Boolean>read(handle -> {
                            await(allInUse);
                            // Whoever waits longer than this gets in.
                            return waitFor(released);
                        }));
                    }
                    await(allInUse);
                    assertThatThrownBy(() -> database.<String>read(handle -> one(handle, "SELECT 1")))
                            .isInstanceOf(DatabaseBusyException.class);
                } finally {
                    released.countDown();
                    threads.shutdown();
                }
            });
        }

        @Test
        void a_lock_that_somebody_holds_delays_no_reader_beside_a_write_ahead_log() throws Exception {
            old.run("PRAGMA journal_mode=wal");
            open(SHORT, database -> {
                old.run("BEGIN IMMEDIATE");
                old.run("UPDATE counters SET value = 5 WHERE name = 'theirs'");
                for (int i = 0; i < 100; i++) {
                    assertThat(database.<String>read(handle -> one(handle, "SELECT sum(value) FROM counters")))
                            .isEqualTo("0");
                }
                old.run("COMMIT");
            });
        }

        private static boolean waitFor(CountDownLatch released) {
            try {
                return released.await(LONG.toSeconds() / 2, SECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private static final String LOCKED = "[SQLITE_BUSY] The database file is locked (database is locked)";

        @ParameterizedTest
        @ValueSource(strings = {"wal", "delete"})
        void a_lock_held_for_too_long_is_busy_and_nothing_is_kept(String mode) throws Exception {
            old.run("PRAGMA journal_mode=" + mode);
            open(SHORT, database -> {
                old.run("BEGIN IMMEDIATE");
                assertThatThrownBy(() -> count(database)).isInstanceOf(DatabaseBusyException.class);
                assertThatThrownBy(() -> count(database)).isInstanceOf(DatabaseBusyException.class);
                old.run("COMMIT");
                assertThat(counted("ours")).isEqualTo("0");
                count(database);
                assertThat(counted("ours")).isEqualTo("1");
            });
        }

        @Test
        void reading_an_exclusively_locked_database_is_busy_and_works_afterwards() throws Exception {
            open(SHORT, database -> {
                old.run("BEGIN EXCLUSIVE");
                assertThatThrownBy(() -> database.<String>read(handle -> one(handle, "SELECT count(*) FROM counters")))
                        .isInstanceOf(DatabaseBusyException.class);
                old.run("COMMIT");
                assertThat(database.<String>read(handle -> one(handle, "SELECT count(*) FROM counters")))
                        .isEqualTo("2");
            });
        }

        @Test
        void opening_an_exclusively_locked_database_is_busy_and_works_afterwards() throws Exception {
            old.run("BEGIN EXCLUSIVE");
            assertThatThrownBy(() -> open(SHORT, database -> {})).isInstanceOf(DatabaseBusyException.class);
            old.run("COMMIT");
            open(SHORT, database -> assertThat(count(database)).isEqualTo(1));
        }

        @Test
        void a_commit_held_up_by_a_reader_for_too_long_is_busy_and_nothing_is_kept() throws Exception {
            open(SHORT, database -> {
                old.run("BEGIN");
                assertThat(counted("ours")).isEqualTo("0");
                assertThatThrownBy(() -> count(database)).isInstanceOf(DatabaseBusyException.class);
                assertThat(counted("ours")).isEqualTo("0");
                old.run("COMMIT");
                assertThat(counted("ours")).isEqualTo("0");
                count(database);
                assertThat(counted("ours")).isEqualTo("1");
            });
        }

        @Test
        void a_commit_held_up_by_a_reader_goes_through_when_the_reader_is_done() throws Exception {
            heldUp((commit, onlooker) -> {
                // A commit that waits for readers lets no new ones in.
                awaitThat(false, commit, onlooker);
                assertThat(counted("ours")).isEqualTo("0");
            });
        }

        /** An old app gives up after five seconds, and a report that is read slowly takes longer. */
        @Test
        void a_commit_held_up_by_a_reader_lets_others_read_again_and_again() throws Exception {
            heldUp((commit, onlooker) -> {
                for (int i = 0; i < 2; i++) {
                    awaitThat(false, commit, onlooker);
                    awaitThat(true, commit, onlooker);
                }
            });
        }

        private interface Meanwhile {
            void look(Future<Integer> commit, SqliteApp onlooker) throws Exception;
        }

        /** The old app reads while we commit, until this is done; then the commit goes through. */
        private void heldUp(Meanwhile meanwhile) throws Exception {
            try (SqliteApp onlooker = SqliteApp.open(old.path())) {
                onlooker.run("PRAGMA busy_timeout=0");
                open(LONG, database -> {
                    old.run("BEGIN");
                    assertThat(counted("ours")).isEqualTo("0");
                    ExecutorService thread = Executors.newSingleThreadExecutor();
                    try {
                        Future<Integer> commit = thread.submit(() -> count(database));
                        meanwhile.look(commit, onlooker);
                        old.run("COMMIT");
                        assertThat(commit.get(60, SECONDS)).isEqualTo(1);
                    } finally {
                        thread.shutdownNow();
                    }
                    assertThat(counted("ours")).isEqualTo("1");
                });
            }
        }

        private static void awaitThat(boolean canRead, Future<Integer> commit, SqliteApp onlooker) {
            while (canRead(onlooker) != canRead) {
                assertThat(commit.isDone()).isFalse();
                Thread.onSpinWait();
            }
        }

        private static boolean canRead(SqliteApp onlooker) {
            try {
                onlooker.all("SELECT count(*) FROM counters");
                return true;
            } catch (AssertionError e) {
                return false;
            }
        }

        @Test
        void readers_and_writers_of_two_apps_at_once_all_get_through() throws Exception {
            int times = 40;
            try (SqliteApp reader = SqliteApp.open(old.path())) {
                open(LONG, database -> {
                    List<Callable<Boolean>> work = List.of(
                            () -> {
                                for (int i = 0; i < times; i++) {
                                    old.run("UPDATE counters SET value = value + 1 WHERE name = 'theirs'");
                                }
                                return true;
                            },
                            () -> {
                                for (int i = 0; i < times; i++) {
                                    reader.run("BEGIN");
                                    reader.all("SELECT * FROM counters");
                                    reader.all("SELECT * FROM counters");
                                    reader.run("COMMIT");
                                }
                                return true;
                            },
                            () -> {
                                for (int i = 0; i < times; i++) {
                                    count(database);
                                }
                                return true;
                            },
                            () -> {
                                for (int i = 0; i < times; i++) {
                                    // The first row is held while the others are read: a reader that lasts.
                                    database.read(handle -> {
                                        try (PreparedStatement statement = handle.prepare("SELECT * FROM counters");
                                                ResultSet row = statement.executeQuery()) {
                                            row.next();
                                            one(handle, "SELECT count(*) FROM counters");
                                            return row.next();
                                        }
                                    });
                                }
                                return true;
                            });
                    atOnce(work);
                    assertThat(counted("ours")).isEqualTo(String.valueOf(times));
                    assertThat(counted("theirs")).isEqualTo(String.valueOf(times));
                });
            }
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(30, SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void atOnce(int threads, Callable<Boolean> work) throws Exception {
        List<Callable<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            all.add(work);
        }
        atOnce(all);
    }

    private static void atOnce(List<Callable<Boolean>> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(work.size());
        try {
            for (Future<Boolean> done : threads.invokeAll(work)) {
                assertThat(done.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Each request would fail with an internal error, and write its stack into the log. */
    @Test
    void a_file_that_is_damaged_is_told_of_like_a_disk_that_fails() throws Exception {
        long page = Long.parseLong(old.one("SELECT rootpage FROM sqlite_master WHERE name = 'counters'"));
        int size = Integer.parseInt(old.one("PRAGMA page_size"));
        overwrite((page - 1) * size, new byte[size]);
        open(SHORT, database -> assertToldOfDamage(database, "the database file is damaged"));
    }

    @Test
    void a_file_that_is_overwritten_while_it_is_open_is_told_of_as_damaged_and_served_once_it_is_put_back()
            throws Exception {
        byte[] whole = Files.readAllBytes(old.path());
        byte[] garbage = new byte[whole.length];
        Arrays.fill(garbage, (byte) 'x');
        open(SHORT, database -> {
            assertThat(count(database)).isEqualTo(1);
            overwrite(0, garbage);
            assertToldOfDamage(database, "the file is not a SQLite database");
            assertThatThrownBy(() -> count(database)).isInstanceOf(StorageException.class);
            overwrite(0, whole);
            assertThat(count(database)).isEqualTo(1);
        });
    }

    /** A full disk ends the transaction by itself, so the rollback fails as well. */
    @Test
    void a_connection_that_fails_twice_is_thrown_away_once_and_in_silence() throws Exception {
        try (LogLines log = new LogLines("com.zaxxer.hikari")) {
            open(SHORT, database -> {
                database.execute(transaction -> one(transaction, "PRAGMA max_page_count = 1"));
                assertThatThrownBy(() -> database.execute(
                                transaction -> run(transaction, "INSERT INTO blobs VALUES (zeroblob(100000))")))
                        .isInstanceOf(StorageException.class);
                assertThat(count(database)).isEqualTo(1);
            });
            assertThat(log.of(Level.WARNING)).isEmpty();
        }
    }

    /** Where a table is gone, each request would write the same once more than it is told of. */
    @Test
    void a_statement_that_fails_is_told_of_by_nobody_but_whoever_gets_the_failure() throws Exception {
        try (LogLines log = new LogLines("org.multisession.db")) {
            open(SHORT, database -> {
                old.run("DROP TABLE counters");
                assertThatThrownBy(() -> count(database)).isInstanceOf(DatabaseException.class);
            });
            assertThat(log.of(Level.WARNING)).isEmpty();
        }
    }

    /** Each task by the clock and each request would tell of it, and not who watches the storage. */
    @Test
    void a_connection_that_cannot_be_opened_is_told_of_as_a_fault_of_the_storage() throws Exception {
        open(SHORT, database -> {
            byte[] whole = Files.readAllBytes(old.path());
            byte[] garbage = new byte[whole.length];
            overwrite(0, garbage);
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> count(database)).isInstanceOf(StorageException.class);
            }
            overwrite(0, whole);
            assertThat(count(database)).isEqualTo(1);
        });
    }

    private void overwrite(long position, byte[] bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(old.path().toFile(), "rw")) {
            file.seek(position);
            file.write(bytes);
        }
    }

    private static void assertToldOfDamage(Database database, String words) {
        List<FailureKind> told = new ArrayList<>();
        database.listenBy(new DatabaseListener() {
            @Override
            public void failed(StorageException failure) {
                told.add(failure.kind());
            }
        });
        assertThatThrownBy(() -> database.read(handle -> one(handle, "SELECT value FROM counters")))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining(words);
        assertThat(told).containsExactly(FailureKind.DAMAGE);
    }
}
