package org.multisession.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Another server as a child process, whose output is its log; it ends with this at the latest. */
final class ServerProcess implements AutoCloseable {

    private static final int ATTEMPTS = 5;

    /** Says how a server is started that is to listen on a port. */
    interface Preparation {
        ProcessBuilder on(int port) throws IOException;
    }

    private final String name;
    private final int port;
    private final Process process;
    private final Thread reader;
    private final Thread lastResort;

    // Written by the reader of its output, guarded by this.
    private final StringBuilder log = new StringBuilder();
    private boolean ended;

    private ServerProcess(String name, int port, Process process) {
        this.name = name;
        this.port = port;
        this.process = process;
        this.reader = new Thread(this::readOutput, "output of " + name + " " + process.pid());
        this.lastResort = new Thread(process::destroy);
        reader.setDaemon(true);
    }

    static ServerProcess start(String name, ProcessBuilder builder) throws IOException {
        return start(name, 0, builder);
    }

    /** Starts one that must be told its port, and returns when it says that it is up. */
    static ServerProcess startOnFreePort(String name, String isUp, Preparation preparation) {
        try {
            for (int attempt = 1; ; attempt++) {
                int free = freePort();
                ServerProcess server = start(name, free, preparation.on(free));
                if (server.says(isUp)) {
                    return server;
                }
                server.close();
                // Another program may have taken the port meanwhile.
                if (attempt == ATTEMPTS
                        || !server.log().toLowerCase(Locale.ROOT).contains("address already in use")) {
                    throw new AssertionError(name + " did not start:\n" + server.log());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static ServerProcess start(String name, int port, ProcessBuilder builder) throws IOException {
        ServerProcess server =
                new ServerProcess(name, port, builder.redirectErrorStream(true).start());
        Runtime.getRuntime().addShutdownHook(server.lastResort);
        server.reader.start();
        return server;
    }

    /** Waits until it says that it is up, or has given up. */
    synchronized boolean says(String isUp) {
        while (log.indexOf(isUp) < 0) {
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

    /** The port that it was started for. */
    int port() {
        return port;
    }

    /** Everything that it has said so far. */
    synchronized String log() {
        return log.toString();
    }

    /** Waits until it ends by itself, and returns its exit status. */
    int awaitEnd() {
        try {
            int status = process.waitFor();
            reader.join();
            return status;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Ends it and all that it has started as {@code kill -9} does; a second call does nothing. */
    void kill() {
        List<ProcessHandle> children = process.descendants().toList();
        process.toHandle().destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        awaitEnd();
        Runtime.getRuntime().removeShutdownHook(lastResort);
    }

    @Override
    public void close() {
        // By its handle, so that the last lines of the log are read.
        process.toHandle().destroy();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(name + " does not end:\n" + log());
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
