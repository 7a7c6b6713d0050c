package org.multisession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A primary and a standby of the PostgreSQL that is {@link Installed}: what the primary acknowledges, the standby has as
 * well. The primary can be killed, and the standby promoted.
 */
public final class PostgresPair implements AutoCloseable {

    private static final Path VERSIONS = Path.of("/usr/lib/postgresql");

    private final Path folder;
    private final int primaryPort = ServerProcess.freePort();
    private final int standbyPort = ServerProcess.freePort();
    private final ServerProcess primary;
    private final ServerProcess standby;

    private PostgresPair(Path folder, String script) throws IOException {
        this.folder = folder;
        run("initdb", "-D", data("primary"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync");
        primary = serve("primary", primaryPort, "ready to accept connections");
        onPrimary(script);
        run("pg_basebackup", "-D", data("standby"), "-h", "127.0.0.1", "-p", "" + primaryPort, "-U", "postgres", "-R");
        standby = serve("standby", standbyPort, "ready to accept read-only connections");
        onPrimary("ALTER SYSTEM SET synchronous_standby_names = '*'");
        onPrimary("SELECT pg_reload_conf()");
        while (!"sync".equals(onPrimary("SELECT max(sync_state) FROM pg_stat_replication"))) {
            Thread.onSpinWait();
        }
    }

    /** Skips the test where there is none. */
    public static void require() {
        Installed.require("a PostgreSQL server", "postgresql", program("initdb"), program("pg_basebackup"));
    }

    private static Path program(String name) {
        try (Stream<Path> versions = Files.isDirectory(VERSIONS) ? Files.list(VERSIONS) : Stream.empty()) {
            return versions.map(version -> version.resolve("bin").resolve(name))
                    .max(Comparator.naturalOrder())
                    .orElse(VERSIONS.resolve("15/bin").resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts both with a database {@code postgres} that is made by a script under {@code legacy/postgres/}. */
    public static PostgresPair with(String script) {
        try {
            Path folder = Files.createTempDirectory("postgres-pair-");
            if (!OtherAccount.withoutRoot().isEmpty()) {
                Files.setOwner(
                        folder,
                        folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
            }
            return new PostgresPair(folder, SqliteApp.script("postgres/" + script));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The URL that names both. */
    public String url() {
        return "jdbc:postgresql://127.0.0.1:" + primaryPort + ",127.0.0.1:" + standbyPort
                + "/postgres?targetServerType=primary";
    }

    /** Ends the primary with all its processes, in whatever they are. */
    public void killPrimary() {
        primary.kill();
    }

    /** Makes the standby the primary; returns when it is. */
    public void promote() {
        query(standbyPort, "SELECT pg_promote()");
    }

    /** One value of the database that was the standby. */
    public String onStandby(String sql) {
        return query(standbyPort, sql);
    }

    private String onPrimary(String sql) {
        return query(primaryPort, sql);
    }

    private static String query(int port, String sql) {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + port + "/postgres", "postgres", "");
                Statement statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return "";
            }
            try (ResultSet row = statement.getResultSet()) {
                row.next();
                return String.valueOf(row.getString(1));
            }
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    private String data(String name) {
        return folder.resolve(name).toString();
    }

    private static List<String> command(String program, String... arguments) {
        List<String> command = new ArrayList<>(OtherAccount.withoutRoot());
        command.add(program(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private ServerProcess serve(String name, int port, String isUp) throws IOException {
        ServerProcess server = ServerProcess.start(
                "the " + name,
                new ProcessBuilder(command(
                                "postgres",
                                "-D",
                                data(name),
                                "-p",
                                "" + port,
                                "-c",
                                "listen_addresses=127.0.0.1",
                                "-c",
                                "unix_socket_directories=",
                                "-c",
                                "fsync=off"))
                        .directory(folder.toFile()));
        if (!server.says(isUp)) {
            throw new AssertionError("the " + name + " did not start:\n" + server.log());
        }
        return server;
    }

    private void run(String program, String... arguments) throws IOException {
        try (ServerProcess process = ServerProcess.start(
                program, new ProcessBuilder(command(program, arguments)).directory(folder.toFile()))) {
            int status = process.awaitEnd();
            if (status != 0) {
                throw new AssertionError(program + " ended with " + status + ":\n" + process.log());
            }
        }
    }

    @Override
    public void close() {
        primary.kill();
        standby.kill();
        TempFiles.delete(folder);
    }
}
