package org.multisession.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** A PostgreSQL server of a test's own, which it stops and starts again on the same port and the same data. */
public final class RestartedServer implements AutoCloseable {

    private final Path folder;
    private EmbeddedPostgres server;

    private RestartedServer(Path folder) throws IOException {
        this.folder = folder;
        this.server = EmbeddedPostgres.builder()
                .setDataDirectory(folder)
                .setCleanDataDirectory(false)
                .start();
    }

    /** Starts one whose database {@code postgres} is made by a script under {@code legacy/postgres/}. */
    public static RestartedServer with(String script) {
        try {
            RestartedServer made = new RestartedServer(Files.createTempDirectory("postgres-"));
            try (Connection connection = made.server.getPostgresDatabase().getConnection();
                    Statement statement = connection.createStatement()) {
                statement.execute(SqliteApp.script("postgres/" + script));
            }
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** The URL for our app. */
    public String url() {
        return "jdbc:postgresql://localhost:" + server.getPort() + "/postgres";
    }

    /** Stops it as an operator does, in whatever its connections are. */
    public void stop() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts it again. */
    public void start() {
        try {
            server = EmbeddedPostgres.builder()
                    .setDataDirectory(folder)
                    .setCleanDataDirectory(false)
                    .setPort(server.getPort())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        stop();
        TempFiles.delete(folder);
    }
}
