package org.multisession.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.migration.postgres.PostgresMigrator;

/**
 * The old app on a database of a real PostgreSQL server, as SQLAlchemy makes it there: {@code timestamp} without time
 * zone, ids by sequences, foreign keys that hold. One server serves all tests of a JVM and keeps nothing.
 */
public final class PostgresApp implements OldApp {

    /** Any session of another program may have another zone than ours. */
    private static final String OLD_APPS_SESSION = "SET TIME ZONE 'Asia/Kolkata'; SET client_min_messages = warning";

    /** Where i and I are different letters: what the server reads by the rules of a language must not be ours. */
    private static final String NOTHING = "template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr'";

    private static final AtomicInteger NUMBER = new AtomicInteger();

    /** By how it was made, a database that others are copies of; a copy takes a tenth of the time. */
    private static final Map<String, String> MODELS = new ConcurrentHashMap<>();

    /** Started by the first test that needs it. */
    private static final class Server {

        static final EmbeddedPostgres RUNNING = start();

        private static EmbeddedPostgres start() {
            try {
                return EmbeddedPostgres.builder()
                        .setServerConfig("fsync", "off")
                        .setServerConfig("synchronous_commit", "off")
                        .setServerConfig("full_page_writes", "off")
                        .setServerConfig("max_connections", "200")
                        .setServerConfig("shared_buffers", "64MB")
                        // What a team may have set for good reasons of its own.
                        .setServerConfig("standard_conforming_strings", "off")
                        .setServerConfig("DateStyle", "German")
                        .setServerConfig("IntervalStyle", "sql_standard")
                        .setServerConfig("bytea_output", "escape")
                        .setServerConfig("max_wal_size", "256MB")
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private final String url;
    private final Runnable end;
    private final Connection connection;

    private PostgresApp(String url, Runnable end) {
        this.url = url;
        this.end = end;
        try {
            connection = DriverManager.getConnection(url + "?user=postgres&stringtype=unspecified");
            run(OLD_APPS_SESSION);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** The old app on a database that somebody else has made, as another process has it. */
    public static PostgresApp at(String url) {
        return new PostgresApp(url, () -> {});
    }

    private static PostgresApp owning(String database) {
        return new PostgresApp(url(database), () -> onServer("DROP DATABASE IF EXISTS " + database + " WITH (FORCE)"));
    }

    /** A database made by a script under {@code legacy/postgres/}: {@code single} or {@code multi}. */
    public static PostgresApp make(String script) {
        return copyOf(script, old -> old.run(SqliteApp.script("postgres/" + script)));
    }

    /** The same after our migration, for tests that are not about it. */
    public static PostgresApp makeMigrated(String script) {
        return copyOf(script + ", migrated", old -> {
            old.run(SqliteApp.script("postgres/" + script));
            try (PostgresServer server = old.claim();
                    Database database = Database.open(server, 2, Duration.ofSeconds(5))) {
                new PostgresMigrator(database, InstantSource.system()).migrate();
            }
        });
    }

    /** The same with a script of the test's own. */
    public static PostgresApp makeBy(String sql) {
        PostgresApp made = empty();
        made.run(sql);
        return made;
    }

    /** A database with nothing in it. */
    public static PostgresApp empty() {
        return owning(create(NOTHING));
    }

    private static PostgresApp copyOf(String model, Consumer<PostgresApp> make) {
        return owning(create(MODELS.computeIfAbsent(model, unused -> {
            String database = create(NOTHING);
            // Nobody may be connected to a database that is copied.
            try (PostgresApp made = at(url(database))) {
                make.accept(made);
            }
            return database;
        })));
    }

    private static String create(String model) {
        String name = "test" + NUMBER.incrementAndGet();
        onServer("CREATE DATABASE " + name + " TEMPLATE " + model);
        return name;
    }

    private static void onServer(String sql) {
        try (Connection server = Server.RUNNING.getPostgresDatabase().getConnection();
                Statement statement = server.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    private static String url(String database) {
        return "jdbc:postgresql://localhost:" + port() + "/" + database;
    }

    /** The URL for our app. */
    public String url() {
        return url;
    }

    /** The port of the server. */
    public static int port() {
        return Server.RUNNING.getPort();
    }

    /** From now on the server lets this account in by its password only. */
    public static void requirePasswordOf(String role) {
        try (Connection server = Server.RUNNING.getPostgresDatabase().getConnection();
                Statement statement = server.createStatement()) {
            Path rules;
            try (ResultSet row = statement.executeQuery("SHOW hba_file")) {
                row.next();
                rules = Path.of(row.getString(1));
            }
            String before = Files.readString(rules);
            String rule = "host all " + role + " all scram-sha-256\n";
            if (!before.startsWith(rule)) {
                Files.writeString(rules, rule + before);
            }
            statement.execute("SELECT pg_reload_conf()");
            // The reload comes some moments later.
            while (letsInWithoutPassword(role)) {
                Thread.onSpinWait();
            }
        } catch (SQLException | IOException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean letsInWithoutPassword(String role) {
        try {
            DriverManager.getConnection(Server.RUNNING.getJdbcUrl(role, "postgres"))
                    .close();
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    @Override
    public PostgresServer claim() {
        return PostgresServer.at(url(), "postgres", "");
    }

    @Override
    public String name() {
        return url;
    }

    @Override
    public List<String> damages() {
        return all("SELECT 'the index ' || indexrelid::regclass || ' is not valid' FROM pg_index WHERE NOT indisvalid")
                .stream()
                .map(String::valueOf)
                .toList();
    }

    @Override
    public List<String> options() {
        return List.of("--db.url=" + url(), "--db.user=postgres");
    }

    @Override
    public PostgresApp another() {
        return at(url);
    }

    @Override
    public void lock() {
        run("BEGIN");
        for (String table : all("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")) {
            run("LOCK TABLE \"" + table + "\" IN EXCLUSIVE MODE");
        }
    }

    @Override
    public long addUser(String phone, @Nullable String token) {
        return Long.parseLong(one("INSERT INTO users (phone, auth_token) VALUES (?, ?) RETURNING id", phone, token));
    }

    /** A foreign key holds here, so an old app that has made one lets go of the sessions first. */
    @Override
    public void deleteUser(long userId) {
        if (!all("SELECT 1 FROM pg_constraint WHERE conrelid = to_regclass('user_sessions') AND confdeltype = 'a'"
                        + " AND contype = 'f'")
                .isEmpty()) {
            run("DELETE FROM user_sessions WHERE user_id = ?", userId);
        }
        run("DELETE FROM users WHERE id = ?", userId);
    }

    /** A rebuild of a table by somebody who puts its triggers back word for word. */
    public String puttingTriggersBack(String table, String rebuild) {
        return rebuild.replace("COMMIT", triggers(table) + "COMMIT");
    }

    /** What makes the triggers of a table as they are. */
    public String triggers(String table) {
        return ofEachTrigger("pg_get_triggerdef(oid)", table);
    }

    /** What takes all triggers of a table away. */
    public String dropsOfTriggers(String table) {
        return ofEachTrigger("format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)", table);
    }

    private String ofEachTrigger(String statement, String table) {
        return all(
                        "SELECT " + statement
                                + " FROM pg_trigger WHERE tgrelid = to_regclass(?) AND NOT tgisinternal ORDER BY oid",
                        table)
                .stream()
                .map(each -> each + ";\n")
                .collect(Collectors.joining());
    }

    @Override
    public int run(String sql, @Nullable Object... values) {
        try {
            if (values.length == 0) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(sql);
                    return Math.max(0, statement.getUpdateCount());
                }
            }
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                bind(statement, values);
                return statement.executeUpdate();
            }
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    @Override
    public List<@Nullable String> all(String sql, @Nullable Object... values) {
        List<@Nullable String> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, values);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(row.getString(1));
                }
            }
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
        return found;
    }

    private static void bind(PreparedStatement statement, @Nullable Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            if (values[i] instanceof String text) {
                statement.setString(i + 1, text);
            } else {
                statement.setObject(i + 1, values[i]);
            }
        }
    }

    @Override
    public String dump() {
        StringBuilder dump = new StringBuilder();
        all("SELECT format('%s %s %s', table_name, column_name, data_type) FROM information_schema.columns"
                        + " WHERE table_schema = 'public' ORDER BY 1")
                .forEach(line -> dump.append(line).append('\n'));
        all("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
                .forEach(line -> dump.append(line).append('\n'));
        all("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1")
                .forEach(line -> dump.append(line).append('\n'));
        for (String table : all("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")) {
            dump.append(rows(String.valueOf(table)));
        }
        return dump.toString();
    }

    @Override
    public String rows(String table) {
        StringBuilder rows = new StringBuilder();
        String row = String.join(
                ", ",
                all(
                                "SELECT format(CASE WHEN atttypid IN (20, 21, 23) THEN 'coalesce(%I::text, ''NULL'')'"
                                        + " ELSE 'quote_nullable(%I::text)' END, attname) FROM pg_attribute"
                                        + " WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                                table)
                        .stream()
                        .map(String::valueOf)
                        .toList());
        all("SELECT concat_ws(',', " + row + ") FROM \"" + table + "\" t ORDER BY 1")
                .forEach(line -> rows.append(table).append(": ").append(line).append('\n'));
        return rows.toString();
    }

    @Override
    public long size() {
        return Long.parseLong(one("SELECT pg_database_size(current_database())"));
    }

    /** Cuts every other connection to this database, as a restart of the server does. */
    public void cutOthers() {
        all("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        end.run();
    }
}
