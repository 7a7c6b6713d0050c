package org.multisession.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** The nginx that is {@link Installed}, as a child process with a folder of its own; it needs no rights. */
public final class Nginx implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/sbin/nginx");
    private static final int ATTEMPTS = 5;

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

    private final Process process;
    private final int port;
    private final Thread reader;
    private final Thread lastResort;

    // Written by the reader of its output, guarded by this.
    private final StringBuilder log = new StringBuilder();
    private boolean ended;

    private Nginx(Process process, int port) {
        this.process = process;
        this.port = port;
        this.reader = new Thread(this::readOutput, "output of nginx " + process.pid());
        this.lastResort = new Thread(process::destroy);
        reader.setDaemon(true);
    }

    /** Skips the test where there is none. */
    public static void require() {
        Installed.require("nginx", "nginx", PROGRAM);
    }

    /** Starts it with a site that listens on the port it is given; the folder takes its files. */
    public static Nginx start(Path folder, IntFunction<String> site) {
        try {
            Files.createDirectories(folder.resolve("temp"));
            // Started by root, the workers would be somebody who may not enter the folder.
            String user = System.getProperty("user.name", "").equals("root") ? "user root;" : "";
            Files.writeString(folder.resolve("nginx.conf"), MAIN.formatted(user));
            for (int attempt = 1; ; attempt++) {
                int port = freePort();
                Files.writeString(folder.resolve("site.conf"), site.apply(port));
                Process process = new ProcessBuilder(
                                PROGRAM.toString(), "-p", folder + "/", "-c", "nginx.conf", "-e", "stderr")
                        .redirectErrorStream(true)
                        .start();
                Nginx nginx = new Nginx(process, port);
                if (nginx.isUp()) {
                    return nginx;
                }
                nginx.close();
                // Another program may have taken the port meanwhile.
                if (attempt == ATTEMPTS || !nginx.log().contains("Address already in use")) {
                    throw new AssertionError("nginx did not start:\n" + nginx.log());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Waits until it listens, or has given up. */
    private boolean isUp() {
        Runtime.getRuntime().addShutdownHook(lastResort);
        reader.start();
        synchronized (this) {
            while (log.indexOf("start worker process ") < 0) {
                if (ended) {
                    return false;
                }
                try {
                    wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new AssertionError(e);
                }
            }
        }
        return true;
    }

    private void readOutput() {
        try (BufferedReader output = process.inputReader(UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                synchronized (this) {
                    log.append(line).append('\n');
                    notifyAll();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            synchronized (this) {
                ended = true;
                notifyAll();
            }
        }
    }

    public int port() {
        return port;
    }

    /** Everything that it has said so far. */
    public synchronized String log() {
        return log.toString();
    }

    @Override
    public void close() {
        // By its handle, so that the last lines of the log are read.
        process.toHandle().destroy();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("nginx does not end:\n" + log());
            }
            reader.join();
            Runtime.getRuntime().removeShutdownHook(lastResort);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
