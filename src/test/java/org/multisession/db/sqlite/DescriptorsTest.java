package org.multisession.db.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.testing.SqliteApp;

/** Whether somebody else in this JVM has the database open is told by the descriptors that are not ours. */
class DescriptorsTest {

    private static final int READERS = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    @BeforeEach
    void onLinux() {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "only Linux tells the descriptors of a process");
    }

    private Path made(String mode) {
        Path file = folder.resolve("app.db");
        try (SqliteApp database = SqliteApp.open(file)) {
            database.all("PRAGMA journal_mode=" + mode);
            database.run("CREATE TABLE t (x TEXT)");
        }
        return file;
    }

    /** A process that has as many files open as it may cannot list them either. */
    @Test
    void ours_are_not_taken_for_those_of_others_after_a_moment_in_which_they_could_not_be_listed() throws Exception {
        Path file = made("delete");
        Path open = Files.createDirectory(folder.resolve("fd"));
        Path away = folder.resolve("fd-away");
        String identity =
                Files.readAttributes(file, BasicFileAttributes.class).fileKey().toString();
        Descriptors descriptors = new Descriptors(identity, open);
        try (Connection connection = descriptors.opening(() -> {
            link(open.resolve("7"), file);
            return DriverManager.getConnection("jdbc:sqlite::memory:");
        })) {
            assertThat(connection.isClosed()).isFalse();
            assertThat(descriptors.foreign()).isZero();
            Files.move(open, away);
            assertThat(descriptors.foreign()).isZero();
            Files.move(away, open);
            assertThat(descriptors.foreign()).isZero();
            link(open.resolve("8"), file);
            assertThat(descriptors.foreign()).isEqualTo(1);
        }
    }

    private static void link(Path link, Path file) {
        try {
            Files.createSymbolicLink(link, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal", "delete", "truncate", "persist"})
    void ours_are_known_while_all_are_at_work_and_after_one_was_replaced(String mode) throws Exception {
        try (Database database = Database.open(SqliteFile.claim(made(mode), false, "/test"), READERS, PATIENCE)) {
            assertThat(database.foreignDescriptors()).isZero();
            allReadersAtOnce(database);
            assertThat(database.foreignDescriptors()).isZero();
            for (int i = 0; i < 3; i++) {
                try {
                    database.<Integer>read(handle -> {
                        try (PreparedStatement statement = handle.prepare("SELECT * FROM missing")) {
                            return statement.executeUpdate();
                        }
                    });
                } catch (DatabaseException e) {
                    assertThat(e).hasMessageContaining("missing");
                }
                allReadersAtOnce(database);
                assertThat(database.foreignDescriptors()).isZero();
            }
        }
    }

    private static void allReadersAtOnce(Database database) throws Exception {
        CyclicBarrier together = new CyclicBarrier(READERS);
        ExecutorService threads = Executors.newFixedThreadPool(READERS);
        try {
            for (Future<Integer> done : threads.invokeAll(IntStream.range(0, READERS)
                    .<Callable<Integer>>mapToObj(i -> () -> database.read(handle -> {
                        try {
                            together.await();
                        } catch (Exception e) {
                            throw new AssertionError(e);
                        }
                        try (PreparedStatement statement = handle.prepare("SELECT count(*) FROM t");
                                ResultSet row = statement.executeQuery()) {
                            return row.getInt(1);
                        }
                    }))
                    .toList())) {
                assertThat(done.get()).isZero();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** A second copy of SQLite, as a web application with a driver of its own has it. */
    private static Driver driverOf(URLClassLoader application) throws ReflectiveOperationException {
        return (Driver) application
                .loadClass("org.sqlite.JDBC")
                .getDeclaredConstructor()
                .newInstance();
    }

    private static URL[] classPath() throws IOException {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        return urls.toArray(URL[]::new);
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal", "delete"})
    void a_foreign_one_is_seen_until_it_is_closed_whether_it_was_there_before_us_or_came_later(String mode)
            throws Exception {
        Path file = made(mode);
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        InputStream earlier = Files.newInputStream(link);
        try (URLClassLoader otherApplication = new URLClassLoader(classPath(), ClassLoader.getPlatformClassLoader());
                Database database = Database.open(SqliteFile.claim(file, false, "/test"), READERS, PATIENCE)) {
            assertThat(database.foreignDescriptors()).isEqualTo(1);
            earlier.close();
            assertThat(database.foreignDescriptors()).isZero();
            try (Connection later = driverOf(otherApplication).connect("jdbc:sqlite:" + file, new Properties());
                    Statement statement = later.createStatement();
                    ResultSet row = statement.executeQuery("SELECT count(*) FROM t")) {
                assertThat(row.getInt(1)).isZero();
                assertThat(database.foreignDescriptors()).isEqualTo(1);
            }
            assertThat(database.foreignDescriptors()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal", "delete", "truncate", "persist"})
    void a_foreign_one_that_is_opened_while_one_of_ours_is_does_not_pass_for_ours(String mode) throws Exception {
        Path file = made(mode);
        String identity = String.valueOf(
                Files.readAttributes(file, BasicFileAttributes.class).fileKey());
        for (boolean isFirst : new boolean[] {true, false}) {
            Descriptors descriptors = new Descriptors(identity);
            List<InputStream> foreign = new ArrayList<>();
            try (Connection ours = descriptors.opening(() -> {
                        if (isFirst) {
                            foreign.add(stream(file));
                        }
                        Connection opened = DriverManager.getConnection("jdbc:sqlite:" + file);
                        if (!isFirst) {
                            foreign.add(stream(file));
                        }
                        return opened;
                    });
                    Statement statement = ours.createStatement()) {
                statement.executeUpdate("INSERT INTO t VALUES ('x')");
                assertThat(descriptors.foreign()).isEqualTo(1);
                try (Connection second =
                        descriptors.opening(() -> DriverManager.getConnection("jdbc:sqlite:" + file))) {
                    assertThat(second.isClosed()).isFalse();
                    assertThat(descriptors.foreign()).isEqualTo(1);
                }
                foreign.get(0).close();
                assertThat(descriptors.foreign()).isZero();
            }
        }
    }

    private static InputStream stream(Path file) {
        try {
            return Files.newInputStream(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
