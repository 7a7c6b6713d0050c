package org.multisession.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.sqlite.SqliteFile;
import org.sqlite.Collation;
import org.sqlite.Function;

/**
 * The old app on a SQLite file: foreign keys off, a busy timeout of five seconds, as Python's sqlite3 has them. With what
 * only a test of SQLite asks for.
 */
public final class SqliteApp implements OldApp {

    private final Path path;
    private final Connection connection;

    private SqliteApp(Path path, Connection connection) {
        this.path = path;
        this.connection = connection;
    }

    /** A database made by one of the scripts under {@code legacy/}: {@code single}, {@code multi} or {@code dirty}. */
    public static SqliteApp make(Path folder, String script) {
        SqliteApp database = open(folder.resolve("old-app.db"));
        database.run(script(script));
        return database;
    }

    /** The same in a new folder, so that there may be several. */
    public static SqliteApp makeIn(Path folder, String script) {
        try {
            return make(Files.createTempDirectory(folder, script), script);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same with a script of the test's own. */
    public static SqliteApp makeBy(Path folder, String sql) {
        SqliteApp database = open(folder.resolve("old-app.db"));
        database.run(sql);
        return database;
    }

    /** Opens a file, or makes a new one. */
    public static SqliteApp open(Path path) {
        try {
            Connection connection = DriverManager.getConnection("jdbc:sqlite:" + path + "?busy_timeout=5000");
            return new SqliteApp(path, connection);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** The text of one of the scripts. */
    public static String script(String name) {
        try (InputStream in = SqliteApp.class.getResourceAsStream("/legacy/" + name + ".sql")) {
            return new String(java.util.Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path path() {
        return path;
    }

    /** The same database in a new file in its place, as the shell's .dump and .read make it; closes this one. */
    public SqliteApp dumpedAndRead() {
        Path file = Path.of(path + ".read");
        try (SqliteApp read = open(file)) {
            List<String> tables = new ArrayList<>();
            all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
                    .forEach(name -> tables.add(String.valueOf(name)));
            for (String table : tables) {
                read.run(one("SELECT sql FROM sqlite_master WHERE name = ? AND type = 'table'", table));
            }
            read.run("ATTACH DATABASE '" + path + "' AS dumped");
            tables.forEach(table -> read.run("INSERT INTO main." + table + " SELECT * FROM dumped." + table));
            read.run("DETACH DATABASE dumped");
            all("SELECT sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL ORDER BY rowid")
                    .forEach(sql -> read.run(String.valueOf(sql)));
        }
        close();
        try {
            Files.move(file, path, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return open(path);
    }

    /** A copy of another file in the place of this one, whose log goes along; closes this one. */
    public SqliteApp replacedBy(Path other) {
        close();
        try {
            Path copy = Files.copy(other, Path.of(path + ".next"), StandardCopyOption.REPLACE_EXISTING);
            Files.deleteIfExists(Path.of(path + "-wal"));
            Files.deleteIfExists(Path.of(path + "-shm"));
            Files.move(copy, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return open(path);
    }

    /** The file goes elsewhere with all that belongs to it, whoever has it open. */
    public void moveAway() {
        move(path, away());
    }

    /** It comes back, whatever is in its place by now. */
    public void moveBack() {
        move(away(), path);
    }

    private Path away() {
        return Path.of(path + ".away");
    }

    private static void move(Path from, Path to) {
        try {
            for (String suffix : List.of("-wal", "-shm", "-journal", "")) {
                Path file = Path.of(from + suffix);
                Files.deleteIfExists(Path.of(to + suffix));
                if (Files.exists(file)) {
                    Files.move(file, Path.of(to + suffix));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public SqliteFile claim() {
        return SqliteFile.claim(path, false, "/test");
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public List<String> damages() {
        return all("PRAGMA integrity_check").stream()
                .map(String::valueOf)
                .filter(line -> !line.equals("ok"))
                .toList();
    }

    @Override
    public List<String> options() {
        return List.of("--db.url=" + path);
    }

    @Override
    public SqliteApp another() {
        return open(path);
    }

    /** One more connection, which has another database and this one attached to it. */
    public SqliteApp attached() {
        SqliteApp other = open(Path.of(":memory:"));
        other.run("ATTACH DATABASE '" + path + "' AS of_the_app");
        return new SqliteApp(path, other.connection);
    }

    @Override
    public void lock() {
        run("BEGIN IMMEDIATE");
    }

    @Override
    public long addUser(String phone, @Nullable String token) {
        run("INSERT INTO users (phone, auth_token) VALUES (?, ?)", phone, token);
        return Long.parseLong(one("SELECT last_insert_rowid()"));
    }

    /** The highest id is given out again by itself. */
    @Override
    public void addUserAs(long id, String phone, @Nullable String token) {
        long given = addUser(phone, token);
        if (given != id) {
            throw new AssertionError("the id is " + given + ", not " + id);
        }
    }

    @Override
    public void dropTrigger(String name, String table) {
        run("DROP TRIGGER " + name);
    }

    @Override
    public int run(String sql, @Nullable Object... values) {
        try {
            if (values.length == 0) {
                try (Statement statement = connection.createStatement()) {
                    return statement.executeUpdate(sql);
                }
            }
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                for (int i = 0; i < values.length; i++) {
                    statement.setObject(i + 1, values[i]);
                }
                return statement.executeUpdate();
            }
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    /** Gives SQLite a function of one argument that only this connection has, as an app does. */
    public void addFunction(String name) {
        try {
            Function.create(
                    connection,
                    name,
                    new Function() {
                        @Override
                        protected void xFunc() throws SQLException {
                            result(String.valueOf(value_text(0)));
                        }
                    },
                    1,
                    Function.FLAG_DETERMINISTIC);
        } catch (SQLException e) {
            throw new AssertionError(name, e);
        }
    }

    /** Gives SQLite an order of texts that only this connection has, as an app does. */
    public void addCollation(String name) {
        try {
            Collation.create(connection, name, new Collation() {
                @Override
                protected int xCompare(String one, String other) {
                    return one.compareToIgnoreCase(other);
                }
            });
        } catch (SQLException e) {
            throw new AssertionError(name, e);
        }
    }

    @Override
    public List<@Nullable String> all(String sql, @Nullable Object... values) {
        List<@Nullable String> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
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

    /** The steps by which SQLite would run a statement, without running it. */
    public List<String> plan(String sql) {
        List<String> steps = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("EXPLAIN QUERY PLAN " + sql)) {
            while (row.next()) {
                steps.add(row.getString("detail"));
            }
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
        return steps;
    }

    @Override
    public String dump() {
        StringBuilder dump = new StringBuilder();
        all("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1")
                .forEach(line -> dump.append(line).append('\n'));
        for (String table : all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")) {
            dump.append(rows(String.valueOf(table)));
        }
        return dump.toString();
    }

    @Override
    public String rows(String table) {
        List<@Nullable String> columns =
                all("SELECT 'quote(\"' || replace(name, '\"', '\"\"') || '\")' FROM pragma_table_info(?)", table);
        String row =
                String.join(" || ',' || ", columns.stream().map(String::valueOf).toList());
        StringBuilder rows = new StringBuilder();
        all("SELECT " + row + " FROM \"" + table + "\" ORDER BY 1")
                .forEach(line -> rows.append(table).append(": ").append(line).append('\n'));
        return rows.toString();
    }

    @Override
    public long size() {
        return path.toFile().length();
    }

    /** Bytes 18 and 19 of the file's header: 1 for a rollback journal, 2 for write-ahead logging. */
    public String journalBytes() {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] header = in.readNBytes(20);
            return header[18] + " " + header[19];
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
