package org.multisession.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntFunction;

/** The Caddy that is {@link Installed}, as a child process with a folder of its own; it needs no rights. */
public final class Caddy implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/bin/caddy");

    /** Nobody else's business: no port for administrators, none for redirects. */
    private static final String MAIN = """
            {
            	admin off
            	auto_https disable_redirects
            }
            """;

    private final ServerProcess process;

    private Caddy(ServerProcess process) {
        this.process = process;
    }

    /** Skips the test where there is none. */
    public static void require() {
        Installed.require("Caddy", "caddy", PROGRAM);
    }

    /** Starts it with a site that listens on the port it is given; the folder takes its files. */
    public static Caddy start(Path folder, IntFunction<String> site) {
        return new Caddy(ServerProcess.startOnFreePort("Caddy", "serving initial configuration", port -> {
            Files.writeString(folder.resolve("Caddyfile"), MAIN + site.apply(port));
            ProcessBuilder builder = new ProcessBuilder(PROGRAM.toString(), "run").directory(folder.toFile());
            for (String home : new String[] {"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"}) {
                builder.environment().put(home, folder.toString());
            }
            return builder;
        }));
    }

    public int port() {
        return process.port();
    }

    /** Everything that it has said so far. */
    public String log() {
        return process.log();
    }

    @Override
    public void close() {
        process.close();
    }
}
