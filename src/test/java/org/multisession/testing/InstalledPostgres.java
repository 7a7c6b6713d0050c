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
import org.jspecify.annotations.Nullable;

/**
 * A server of the PostgreSQL that is {@link Installed}, with a folder and a port of its own: it can be killed, end by
 * itself, and start again. Whatever it acknowledges is in the log of changes, but that is not synced.
 */
public final class InstalledPostgres implements AutoCloseable {

    private static final Path VERSIONS = Path.of("/usr/lib/postgresql");

    private final String name;
    private final Path home;
    private final Path folder;
    private final int port;
    private @Nullable ServerProcess server;

    private InstalledPostgres(String name, Path home) throws IOException {
        this(name, home, ServerProcess.freePort());
    }

    private InstalledPostgres(String name, Path home, int port) {
        this.name = name;
        this.home = home;
        this.folder = home.resolve(name);
        this.port = port;
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

    /** A new folder that the account may write under which a server runs, which is never root's. */
    public static Path newFolder() throws IOException {
        Path folder = Files.createTempDirectory("postgres-");
        giveAway(folder);
        return folder;
    }

    /** Lets a server write in this folder. */
    public static void giveAway(Path folder) throws IOException {
        if (!OtherAccount.withoutRoot().isEmpty()) {
            Files.setOwner(
                    folder,
                    folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
        }
    }

    /**
     * Makes a server in a folder of this name below another, and starts it.
     *
     * @param options more of them for {@code initdb}
     */
    public static InstalledPostgres make(Path home, String name, String... options) throws IOException {
        InstalledPostgres made = new InstalledPostgres(name, home);
        made.init(options);
        return made;
    }

    /** Makes another server from a dump of this one, which ends, and starts it on the same port. */
    public InstalledPostgres restoredAs(String other) throws IOException {
        Path dump = home.resolve(other + ".sql");
        run(
                "pg_dump",
                List.of("-f", dump.toString(), "-h", "127.0.0.1", "-p", "" + port, "-U", "postgres", "postgres"));
        close();
        InstalledPostgres restored = new InstalledPostgres(other, home, port);
        restored.init();
        restored.run(
                "psql",
                List.of(
                        "-v",
                        "ON_ERROR_STOP=1",
                        "-q",
                        "-f",
                        dump.toString(),
                        "-h",
                        "127.0.0.1",
                        "-p",
                        "" + port,
                        "-U",
                        "postgres",
                        "postgres"));
        return restored;
    }

    private void init(String... options) throws IOException {
        List<String> arguments = new ArrayList<>(
                List.of("-D", folder.toString(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"));
        arguments.addAll(List.of(options));
        run("initdb", arguments);
        start("ready to accept connections");
    }

    /** Makes a standby of this one, and starts it. */
    InstalledPostgres standby() throws IOException {
        InstalledPostgres standby = new InstalledPostgres("standby", home);
        standby.run(
                "pg_basebackup",
                List.of("-D", standby.folder.toString(), "-h", "127.0.0.1", "-p", "" + port, "-U", "postgres", "-R"));
        standby.start("ready to accept read-only connections");
        return standby;
    }

    /** Starts it again, once it has ended. */
    public void restart() throws IOException {
        close();
        start("ready to accept connections");
    }

    private void start(String isUp) throws IOException {
        ServerProcess started = ServerProcess.start(
                "PostgreSQL, " + name,
                new ProcessBuilder(command(
                                "postgres",
                                List.of(
                                        "-D",
                                        folder.toString(),
                                        "-p",
                                        "" + port,
                                        "-c",
                                        "listen_addresses=127.0.0.1",
                                        "-c",
                                        "unix_socket_directories=",
                                        "-c",
                                        "fsync=off")))
                        .directory(home.toFile()));
        server = started;
        if (!started.says(isUp)) {
            throw new AssertionError(name + " did not start:\n" + started.log());
        }
    }

    /** Waits until the server has said this since it was started; false if it has ended without. */
    public boolean says(String words) {
        return server != null && server.says(words);
    }

    int port() {
        return port;
    }

    /** The URL for our app. */
    public String url() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    }

    /** Runs statements; one value if there is one. */
    public String query(String sql) {
        try (Connection connection = DriverManager.getConnection(url(), "postgres", "");
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

    private static List<String> command(String program, List<String> arguments) {
        List<String> command = new ArrayList<>(OtherAccount.withoutRoot());
        command.add(program(program).toString());
        command.addAll(arguments);
        return command;
    }

    private void run(String program, List<String> arguments) throws IOException {
        try (ServerProcess process = ServerProcess.start(
                program, new ProcessBuilder(command(program, arguments)).directory(home.toFile()))) {
            int status = process.awaitEnd();
            if (status != 0) {
                throw new AssertionError(program + " ended with " + status + ":\n" + process.log());
            }
        }
    }

    /** Ends it with all its processes, in whatever they are. */
    @Override
    public void close() {
        if (server != null) {
            server.kill();
            server = null;
        }
    }
}
