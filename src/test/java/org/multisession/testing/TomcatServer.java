package org.multisession.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A real Tomcat in a process of its own, with a fresh directory, on a free port of the loopback address.
 *
 * <p>Tomcat itself chooses the port and says it in its log, so there is no moment in which another program could take
 * it. What happens to a web application is read from the log too: Tomcat writes each change of a context's state there.
 * Those lines are kept out of {@link #log()}.
 *
 * <pre>{@code
 * try (TomcatServer tomcat = TomcatServer.of(version)
 *         .webapp("/", TomcatServer.war(), Map.of("multisession.db.url", database.toString()))
 *         .start()) {
 *     Http.to(tomcat.uri("/")).get("health");
 * }
 * }</pre>
 */
public final class TomcatServer implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration CHANGE_TIMEOUT = Duration.ofMinutes(1);
    private static final Pattern PORT = Pattern.compile("Starting ProtocolHandler \\[\"http-nio-.*-(\\d+)\"]");
    private static final Pattern TLS_PORT = Pattern.compile("Starting ProtocolHandler \\[\"https-.*-(\\d+)\"]");
    private static final Pattern STATE =
            Pattern.compile("Setting state for \\[.*StandardContext\\[([^]]*)]] to \\[([A-Z_]+)]");
    // Later than the state STARTED, in which Tomcat does not yet lead requests to the context.
    private static final Pattern DEPLOYED =
            Pattern.compile("Deployment of deployment descriptor \\[.*[/\\\\](.*)\\.xml] has finished");
    private static final String STATE_LOGGER = "org.apache.catalina.util.LifecycleBase";

    private final Path base;
    private final Process process;
    private final Thread reader;
    private final Thread lastResort;

    // Written by the reader of Tomcat's output, guarded by this.
    private final StringBuilder log = new StringBuilder();

    /** Where in the log the last code ends that {@link #nextCode} has returned, by the last digits of its number. */
    private final Map<String, Integer> codesTaken = new ConcurrentHashMap<>();

    /** By the name of the descriptor. */
    private final Map<String, ContextState> contexts = new LinkedHashMap<>();

    private int port;
    private int tlsPort;
    private boolean started;
    private boolean ended;

    /** The newest state of a context, and how many of its deployments and undeployments are complete. */
    private record ContextState(String name, int changes) {
        private static final ContextState UNKNOWN = new ContextState("UNKNOWN", 0);

        ContextState becomes(String newName) {
            return new ContextState(newName, newName.equals("DESTROYED") ? changes + 1 : changes);
        }

        ContextState deployed() {
            return new ContextState(name, changes + 1);
        }
    }

    private TomcatServer(Path base, Process process) {
        this.base = base;
        this.process = process;
        this.reader = new Thread(this::readOutput, "output of Tomcat " + process.pid());
        this.lastResort = new Thread(process::destroyForcibly);
        reader.setDaemon(true);
    }

    /** The application as the build packed it. */
    public static Path war() {
        Path war = Path.of(System.getProperty("test.war", "target/multi-session.war"))
                .toAbsolutePath();
        if (!Files.isRegularFile(war)) {
            throw new IllegalStateException("No " + war + ": run `mvn package` once");
        }
        return war;
    }

    /** Prepares a server of that version. */
    public static Builder of(TomcatVersion version) {
        return new Builder(version);
    }

    /** What is done to a Tomcat's directory before it starts. */
    public interface Preparation {
        void on(Path base) throws IOException;
    }

    /**
     * Starts a Tomcat as it is unpacked, with its own web applications and its own {@code server.xml}, by its own script.
     * Only its ports are others.
     */
    public static TomcatServer startStock(TomcatVersion version, Preparation preparation) {
        return startStock(version, Path.of(System.getProperty("java.home")), preparation);
    }

    /** The same on another Java. */
    public static TomcatServer startStock(TomcatVersion version, Path javaHome, Preparation preparation) {
        try {
            Path base = Files.createTempDirectory("tomcat-");
            TomcatServer server;
            try {
                StockTomcat.unpack(base, version.home());
                preparation.on(base);
                server = new TomcatServer(base, StockTomcat.run(base, javaHome));
            } catch (IOException | RuntimeException e) {
                TempFiles.delete(base);
                throw e;
            }
            server.awaitStart();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a server starts with. */
    public static final class Builder {
        private final TomcatVersion version;
        private final List<Webapp> webapps = new ArrayList<>();
        private final List<String> jvmArguments = new ArrayList<>();
        private @Nullable TestCertificate certificate;
        private String logging = "";
        private final Map<String, String> systemProperties = new LinkedHashMap<>();
        private final Map<String, String> environment = new LinkedHashMap<>();
        private final Map<String, String> descriptors = new LinkedHashMap<>();
        private final List<Path> libraries = new ArrayList<>();

        private Builder(TomcatVersion version) {
            this.version = version;
        }

        /** Deploys a WAR file or an unpacked directory under a context path ({@code "/"} is the root). */
        public Builder webapp(String context, Path warOrDirectory, Map<String, String> parameters) {
            webapps.add(new Webapp(context, warOrDirectory, parameters));
            return this;
        }

        /** The same without context parameters. */
        public Builder webapp(String context, Path warOrDirectory) {
            return webapp(context, warOrDirectory, Map.of());
        }

        /**
         * Deploys our WAR on a database of the old app.
         *
         * @param settings further keys and values, in turn
         */
        public Builder app(String context, SqliteApp database, String... settings) {
            Map<String, String> all = new HashMap<>();
            all.put("multisession.db.url", database.path().toString());
            for (int i = 0; i < settings.length; i += 2) {
                all.put(settings[i], settings[i + 1]);
            }
            return webapp(context, war(), all);
        }

        /** The same on a database of PostgreSQL. */
        public Builder app(String context, PostgresApp database, String... settings) {
            Map<String, String> all = new HashMap<>();
            all.put("multisession.db.url", database.url());
            all.put("multisession.db.user", "postgres");
            for (int i = 0; i < settings.length; i += 2) {
                all.put(settings[i], settings[i + 1]);
            }
            return webapp(context, war(), all);
        }

        /** Deploys by a whole context descriptor of the test's own. */
        public Builder descriptor(String context, String xml) {
            descriptors.put(context, xml);
            return this;
        }

        /** Puts a library into Tomcat's own {@code lib}, for all web applications. */
        public Builder library(Path jar) {
            libraries.add(jar);
            return this;
        }

        /** Sets a system property of Tomcat's JVM. */
        public Builder systemProperty(String name, String value) {
            systemProperties.put(name, value);
            return this;
        }

        /** Sets an environment variable of Tomcat's process. */
        public Builder environment(String name, String value) {
            environment.put(name, value);
            return this;
        }

        /** Also listens over TLS with this certificate. */
        public Builder tls(TestCertificate newCertificate) {
            certificate = newCertificate;
            return this;
        }

        /** Adds lines to {@code conf/logging.properties}. */
        public Builder logging(String lines) {
            logging = lines;
            return this;
        }

        /** Adds an argument of the JVM, such as {@code -Xmx64m}. */
        public Builder jvmArgument(String argument) {
            jvmArguments.add(argument);
            return this;
        }

        /** Starts Tomcat and returns when it has tried to start every web application. */
        public TomcatServer start() {
            try {
                Path base = Files.createTempDirectory("tomcat-");
                TomcatServer server;
                try {
                    TomcatBase.create(base, version.home(), STATE_LOGGER, certificate, logging);
                    for (Webapp webapp : webapps) {
                        webapp.deployTo(base);
                    }
                    for (Map.Entry<String, String> each : descriptors.entrySet()) {
                        Path descriptor = Webapp.descriptor(base, each.getKey());
                        Files.createDirectories(descriptor.getParent());
                        Files.writeString(descriptor, each.getValue());
                    }
                    Files.createDirectory(base.resolve("lib"));
                    for (Path jar : libraries) {
                        Files.copy(jar, base.resolve("lib").resolve(jar.getFileName()));
                    }
                    server = new TomcatServer(base, startProcess(base));
                } catch (IOException | RuntimeException e) {
                    TempFiles.delete(base);
                    throw e;
                }
                server.awaitStart();
                return server;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Process startProcess(Path base) throws IOException {
            Path home = version.home();
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            // What Tomcat's own scripts pass.
            for (String opened :
                    List.of("java.lang", "java.lang.reflect", "java.io", "java.util", "java.util.concurrent")) {
                command.add("--add-opens=java.base/" + opened + "=ALL-UNNAMED");
            }
            command.add("--add-opens=java.rmi/sun.rmi.transport=ALL-UNNAMED");
            command.add("--enable-native-access=ALL-UNNAMED");
            // A test server lives for seconds: compiling thoroughly would not pay.
            command.add("-XX:TieredStopAtLevel=1");
            // The log is read below; it must not depend on the machine's language.
            command.add("-Duser.language=en");
            command.add("-Dcatalina.home=" + home);
            command.add("-Dcatalina.base=" + base);
            command.add("-Djava.io.tmpdir=" + base.resolve("temp"));
            command.add("-Djava.util.logging.manager=org.apache.juli.ClassLoaderLogManager");
            command.add("-Djava.util.logging.config.file=" + base.resolve("conf/logging.properties"));
            systemProperties.forEach((name, value) -> command.add("-D" + name + "=" + value));
            command.addAll(jvmArguments);
            command.add("-classpath");
            command.add(home.resolve("bin/bootstrap.jar")
                    + java.io.File.pathSeparator
                    + home.resolve("bin/tomcat-juli.jar"));
            command.add("org.apache.catalina.startup.Bootstrap");
            command.add("start");
            ProcessBuilder builder =
                    new ProcessBuilder(command).directory(base.toFile()).redirectErrorStream(true);
            // Only what the test says may reach the application.
            builder.environment().keySet().removeIf(name -> name.startsWith("MULTISESSION_"));
            builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
            builder.environment().putAll(environment);
            return builder.start();
        }
    }

    /** The address of a path, which starts with a slash. */
    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    /** The same over TLS. */
    public synchronized URI uriOverTls(String path) {
        return URI.create("https://localhost:" + tlsPort + path);
    }

    /** The HTTP port. */
    public synchronized int port() {
        return port;
    }

    /** The process id. */
    public long pid() {
        return process.pid();
    }

    /** Tomcat's own directory, with {@code conf}, {@code webapps} and {@code temp}; gone after {@link #close()}. */
    public Path base() {
        return base;
    }

    /** Everything that was logged or printed so far. */
    public synchronized String log() {
        return log.toString();
    }

    /** Waits until the log contains a text. */
    public void awaitLog(String text) {
        await("the log says \"" + text + "\"", CHANGE_TIMEOUT, () -> log.indexOf(text) >= 0);
    }

    /**
     * The next one-time code in the log for a number that ends in these digits, once it is there. Each is returned once: a
     * code is sent after the answer to the request for it, so the newest in the log may still be the one before.
     */
    public String nextCode(String lastDigits) {
        String before = "One-time code for the number that ends in " + lastDigits + ": ";
        int from = codesTaken.getOrDefault(lastDigits, 0);
        await("the log has a new code for " + lastDigits, CHANGE_TIMEOUT, () -> log.indexOf(before, from) >= 0);
        String all = log();
        int at = all.indexOf(before, from) + before.length();
        codesTaken.put(lastDigits, at);
        return all.substring(at, at + 6);
    }

    /** Whether a web application is up under that context path. */
    public synchronized boolean isDeployed(String context) {
        return state(context).name().equals("STARTED");
    }

    /** Deploys one more web application; returns when it is up, or has failed to start. */
    public void deploy(String context, Path warOrDirectory, Map<String, String> parameters) {
        changeAndAwait(context, () -> new Webapp(context, warOrDirectory, parameters).deployTo(base));
    }

    /** Undeploys a web application, as deleting its descriptor does; returns when it is gone. */
    public void undeploy(String context) {
        changeAndAwait(context, () -> Files.delete(Webapp.descriptor(base, context)));
    }

    /** Redeploys a web application, as touching its descriptor does; returns when it is up again, or has failed. */
    public void redeploy(String context) {
        int before = changes(context);
        // Tomcat compares times for being different, and does not trust those of the last second.
        touch(Webapp.descriptor(base, context));
        await(context + " is up again or has failed", CHANGE_TIMEOUT, () -> changes(context) >= before + 2);
    }

    /** Has it loaded anew, as touching a file does that its descriptor has watched; returns when it is up again. */
    public void reload(String context, Path watched) {
        touch(watched);
        awaitLog("Reloading Context with name [" + context + "] is completed");
    }

    /** A redeploy with other context parameters, as editing the descriptor does. */
    public void redeploy(String context, Path warOrDirectory, Map<String, String> parameters) {
        int before = changes(context);
        try {
            new Webapp(context, warOrDirectory, parameters).replaceIn(base);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await(context + " is up again or has failed", CHANGE_TIMEOUT, () -> changes(context) >= before + 2);
    }

    /** Stops Tomcat as an administrator does, so that web applications are told; the log stays readable. */
    public void stop() {
        // By its handle: asked directly, a process also closes its output, and the last lines of the log are lost.
        process.toHandle().destroy();
        boolean gone = awaitExit();
        if (!gone) {
            kill();
            throw new AssertionError("Tomcat did not stop when asked to. Its log:\n" + log());
        }
    }

    /** Ends Tomcat at once, as power loss would; nothing in it gets a last word. */
    public void kill() {
        process.toHandle().destroyForcibly();
        awaitExit();
    }

    /**
     * Ends Tomcat if it still runs, and removes its directory.
     *
     * @throws AssertionError if there is a secret in what we have logged, whatever was tested here
     */
    @Override
    public void close() {
        try {
            if (process.isAlive()) {
                stop();
            }
        } finally {
            removeLastResort();
            TempFiles.delete(base);
        }
        List<String> secrets = LogSecrets.in(log());
        if (!secrets.isEmpty()) {
            throw new AssertionError("A token or a whole number is in the log:\n" + String.join("\n", secrets));
        }
    }

    private void awaitStart() {
        // Should the tests be interrupted, their servers must not stay behind.
        Runtime.getRuntime().addShutdownHook(lastResort);
        reader.start();
        try {
            await("Tomcat is up", START_TIMEOUT, () -> started);
        } catch (AssertionError e) {
            kill();
            close();
            throw e;
        }
    }

    private void removeLastResort() {
        try {
            Runtime.getRuntime().removeShutdownHook(lastResort);
        } catch (IllegalStateException alreadyShuttingDown) {
            process.destroyForcibly();
        }
    }

    private boolean awaitExit() {
        try {
            boolean gone = process.waitFor(CHANGE_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            if (gone) {
                // The last lines of the log are read after the end of the process.
                reader.join(CHANGE_TIMEOUT.toMillis());
            }
            return gone;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for Tomcat to end", e);
        }
    }

    private synchronized ContextState state(String context) {
        return contexts.getOrDefault(Webapp.name(context), ContextState.UNKNOWN);
    }

    private int changes(String context) {
        return state(context).changes();
    }

    private interface FileChange {
        void make() throws IOException;
    }

    private void changeAndAwait(String context, FileChange change) {
        int before = changes(context);
        try {
            change.make();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await("the change of " + context + " is done", CHANGE_TIMEOUT, () -> changes(context) > before);
    }

    private static void touch(Path file) {
        try {
            Instant before = Files.getLastModifiedTime(file).toInstant();
            Files.setLastModifiedTime(file, FileTime.from(before.minusSeconds(10)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized void await(String what, Duration timeout, BooleanSupplier condition) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (!condition.getAsBoolean()) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (ended || left <= 0) {
                throw new AssertionError(
                        (ended ? "Tomcat ended" : "Time is up") + " before " + what + ". Its log:\n" + log);
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("Interrupted while waiting until " + what, e);
            }
        }
    }

    private void readOutput() {
        try (BufferedReader output = process.inputReader(UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                take(line);
            }
        } catch (IOException e) {
            take("The log ends here: " + e);
        } finally {
            synchronized (this) {
                ended = true;
                notifyAll();
            }
        }
    }

    private synchronized void take(String line) {
        if (line.contains(STATE_LOGGER)) {
            Matcher state = STATE.matcher(line);
            if (state.find()) {
                String context = state.group(1);
                contexts.put(Webapp.name(context), state(context).becomes(state.group(2)));
            }
        } else {
            log.append(line).append('\n');
        }
        Matcher deployment = DEPLOYED.matcher(line);
        if (deployment.find()) {
            contexts.compute(
                    deployment.group(1), (name, state) -> (state == null ? ContextState.UNKNOWN : state).deployed());
        }
        Matcher connector = PORT.matcher(line);
        if (connector.find()) {
            port = Integer.parseInt(connector.group(1));
        }
        Matcher tlsConnector = TLS_PORT.matcher(line);
        if (tlsConnector.find()) {
            tlsPort = Integer.parseInt(tlsConnector.group(1));
        }
        if (line.contains("Server startup in [")) {
            started = true;
        }
        notifyAll();
    }
}
