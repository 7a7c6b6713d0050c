package org.multisession.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The PgBouncer that is {@link Installed}, before the server of {@link PostgresApp}, in transaction mode: each transaction
 * may be in another session, and a few sessions serve everybody.
 */
public final class PgBouncer implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/sbin/pgbouncer");

    private final ServerProcess process;
    private final Path folder;

    private PgBouncer(ServerProcess process, Path folder) {
        this.process = process;
        this.folder = folder;
    }

    /** Skips the test where there is none. */
    public static void require() {
        Installed.require("PgBouncer", "pgbouncer", PROGRAM);
    }

    /** Starts it with the lines that the document asks for. */
    public static PgBouncer start() {
        try {
            Path folder = Files.createTempDirectory("pgbouncer-");
            OtherAccount.permit(folder, "rwxr-xr-x");
            ServerProcess process = ServerProcess.startOnFreePort("PgBouncer", "process up", port -> {
                Path users = Files.writeString(folder.resolve("users.txt"), "\"postgres\" \"\"\n");
                Path settings = Files.writeString(folder.resolve("pgbouncer.ini"), """
                        [databases]
                        * = host=127.0.0.1 port=%d
                        [pgbouncer]
                        listen_addr = 127.0.0.1
                        listen_port = %d
                        unix_socket_dir =
                        auth_type = trust
                        auth_file = %s
                        default_pool_size = 5
                        %s
                        """.formatted(
                                PostgresApp.port(), port, users, linesOfTheDocument()));
                List<String> command = new ArrayList<>(OtherAccount.withoutRoot());
                command.addAll(List.of(PROGRAM.toString(), settings.toString()));
                return new ProcessBuilder(command);
            });
            return new PgBouncer(process, folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String linesOfTheDocument() throws IOException {
        Matcher block = Pattern.compile("```ini\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs/postgresql.md"), UTF_8));
        if (!block.find()) {
            throw new AssertionError("docs/postgresql.md says no lines for PgBouncer");
        }
        return block.group(1);
    }

    /** The address of a database by it. */
    public String in(String url) {
        return url.replace("localhost:" + PostgresApp.port() + "/", "127.0.0.1:" + process.port() + "/");
    }

    @Override
    public void close() {
        process.close();
        TempFiles.delete(folder);
    }
}
