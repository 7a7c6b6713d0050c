package org.multisession.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.multisession.cli.Main;
import org.multisession.testing.SqliteApp;

/**
 * A database of the old app in its multi form, with so many sessions and half as many users, the same at every run: each
 * user has two sessions and a legacy token that is none of them.
 */
final class BenchDatabase {

    /** So many different tokens go into the load; more would not fit any cache better. */
    private static final int SAMPLE = 100_000;

    private static final String TIME = "2026-11-01 12:00:00.000000";

    private final Path path;
    private final int sessions;

    private BenchDatabase(Path path, int sessions) {
        this.path = path;
        this.sessions = sessions;
    }

    /** The one in this folder; filled if it is not there. */
    static BenchDatabase in(Path folder, int sessions) {
        BenchDatabase database = new BenchDatabase(folder.resolve("old-app.db"), sessions);
        try {
            Files.createDirectories(folder);
            if (!Files.exists(database.path)) {
                database.fill();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return database;
    }

    /** Filled and migrated once, and kept for the next time. */
    static BenchDatabase migrated(Path folder, String name, int sessions) throws IOException, InterruptedException {
        Path own = folder.resolve(name);
        Path mark = own.resolve("migrated");
        if (!Files.exists(mark)) {
            long begin = System.nanoTime();
            BenchDatabase database = BenchDatabase.in(own, sessions);
            System.err.printf("%,d sessions: filled in %d s%n", sessions, (System.nanoTime() - begin) / 1_000_000_000);
            command("migrate", "--db.url=" + database.path(), "--migration.backup=off");
            System.err.printf("migrated after %d s%n", (System.nanoTime() - begin) / 1_000_000_000);
            Files.createFile(mark);
        }
        return BenchDatabase.in(own, sessions);
    }

    private static void command(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(arguments));
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IllegalStateException(String.join(" ", arguments));
        }
    }

    private void fill() throws SQLException, IOException {
        fill(path, users(), sessions, BenchDatabase::legacyToken);
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + path);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode=WAL");
        }
    }

    /** Makes such a database in a rollback journal, with the legacy token of each user as this says. */
    static void fill(Path file, int users, int sessions, IntFunction<String> legacyTokens)
            throws SQLException, IOException {
        Path unfinished = file.resolveSibling("unfinished-" + file.getFileName());
        Files.deleteIfExists(unfinished);
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + unfinished);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode=OFF");
            statement.execute("PRAGMA synchronous=OFF");
            statement.execute("PRAGMA cache_size=-400000");
            statement.executeUpdate(SqliteApp.script("multi"));
            statement.executeUpdate("DELETE FROM user_sessions");
            statement.executeUpdate("DELETE FROM users");
            statement.execute("BEGIN");
            try (PreparedStatement user = connection.prepareStatement(
                            "INSERT INTO users (id, phone, auth_token, plan) VALUES (?, ?, ?, 'free')");
                    PreparedStatement session = connection.prepareStatement(
                            "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at)"
                                    + " VALUES (?, ?, '" + TIME + "', '" + TIME + "')")) {
                for (int i = 0; i < users; i++) {
                    user.setLong(1, i + 1L);
                    user.setString(2, phone(i));
                    user.setString(3, legacyTokens.apply(i));
                    user.executeUpdate();
                }
                for (int i = 0; i < sessions; i++) {
                    session.setLong(1, i % users + 1L);
                    session.setString(2, token(i));
                    session.executeUpdate();
                }
            }
            statement.execute("COMMIT");
        }
        Files.move(unfinished, file);
    }

    /** So that no sign-in has one to adopt, which each user's first sign-in does and no other. */
    void forgetLegacyTokens() throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + path);
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE users SET auth_token = NULL");
        }
    }

    /** Commits something, as another program. */
    void commit() throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + path);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout=5000");
            statement.executeUpdate("UPDATE users SET plan = 'free' WHERE id = 1");
        }
    }

    Path path() {
        return path;
    }

    int users() {
        return Math.max(1, sessions / 2);
    }

    static String phone(int user) {
        return "+7" + (9_000_000_000L + user);
    }

    static String token(int session) {
        return random(session);
    }

    static String legacyToken(int user) {
        return random(-1L - user);
    }

    private static String random(long seed) {
        byte[] bytes = new byte[32];
        new Random(seed * 0x9e3779b97f4a7c15L).nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Tokens of sessions, evenly from all of them, in no order. */
    List<String> sessionTokens() {
        return sample(sessions).mapToObj(BenchDatabase::token).toList();
    }

    /** Legacy tokens, likewise. */
    List<String> legacyTokens() {
        return sample(users()).mapToObj(BenchDatabase::legacyToken).toList();
    }

    /** Tokens that nobody has. */
    List<String> unknownTokens() {
        return sample(sessions).mapToObj(i -> random(i + 1_000_000_000L)).toList();
    }

    /** Numbers of users. */
    List<String> phones() {
        return sample(users()).mapToObj(BenchDatabase::phone).toList();
    }

    private static IntStream sample(int of) {
        return new Random(1).ints(Math.min(SAMPLE, of), 0, of);
    }
}
