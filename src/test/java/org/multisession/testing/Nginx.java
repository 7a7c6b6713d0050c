package org.multisession.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntFunction;

/** The nginx that is {@link Installed}, as a child process with a folder of its own; it needs no rights. */
public final class Nginx implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/sbin/nginx");

    private static final String MAIN = """
            daemon off;
            pid nginx.pid;
            error_log stderr notice;
            worker_processes 1;
            %s
            events {
                worker_connections 256;
            }
            http {
                access_log off;
                client_body_temp_path temp/body;
                proxy_temp_path temp/proxy;
                fastcgi_temp_path temp/fastcgi;
                uwsgi_temp_path temp/uwsgi;
                scgi_temp_path temp/scgi;
                include site.conf;
            }
            """;

    private final ServerProcess process;

    private Nginx(ServerProcess process) {
        this.process = process;
    }

    /** Skips the test where there is none. */
    public static void require() {
        Installed.require("nginx", "nginx", PROGRAM);
    }

    /** Starts it with a site that listens on the port it is given; the folder takes its files. */
    public static Nginx start(Path folder, IntFunction<String> site) {
        return new Nginx(ServerProcess.startOnFreePort("nginx", "start worker process ", port -> {
            Files.createDirectories(folder.resolve("temp"));
            // Started by root, the workers would be somebody who may not enter the folder.
            String user = System.getProperty("user.name", "").equals("root") ? "user root;" : "";
            Files.writeString(folder.resolve("nginx.conf"), MAIN.formatted(user));
            Files.writeString(folder.resolve("site.conf"), site.apply(port));
            return new ProcessBuilder(PROGRAM.toString(), "-p", folder + "/", "-c", "nginx.conf", "-e", "stderr");
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
