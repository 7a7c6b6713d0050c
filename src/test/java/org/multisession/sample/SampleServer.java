package org.multisession.sample;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code mvn -Prun} runs: a Tomcat with the WAR on the loopback address, over a sample database of the old app.
 *
 * <p>Started from its source file, without the tests being compiled: it must stand alone.
 */
public final class SampleServer {

    /** A trial run is nobody else's business: not reachable from the network, and no port to shut it down by. */
    private static final String SERVER_XML = """
            <Server port="-1">
              <Service name="Catalina">
                <Connector address="127.0.0.1" port="%d"/>
                <Engine name="Catalina" defaultHost="localhost">
                  <Host name="localhost" appBase="webapps" autoDeploy="false" deployOnStartup="false">
                    <Context path="" docBase="%s"/>
                  </Host>
                </Engine>
              </Service>
            </Server>
            """;

    /** For SQLite's native library, and what Tomcat's own scripts open for its leak check. */
    private static final List<String> JVM_OPTIONS = List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
            "--add-opens=java.rmi/sun.rmi.transport=ALL-UNNAMED");

    // A terminal's encoding may be ASCII by default; the path of the database may not be.
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private SampleServer() {}

    /**
     * With a port alone: fails if it is taken, so that nobody waits for a build that cannot run. Otherwise takes the port,
     * Tomcat's directory, a directory to run in, its logging configuration, the WAR, the SQL script and the database file.
     */
    public static void main(String[] args) throws IOException, InterruptedException, SQLException {
        int port = Integer.parseInt(args[0]);
        if (isTaken(port)) {
            System.err.println("Port " + port
                    + " is taken by another program. Choose another one, for example: mvn -Prun -Dport=9090");
            System.exit(1);
        }
        if (args.length > 1) {
            Path database = Path.of(args[6]).toAbsolutePath();
            makeDatabase(Path.of(args[5]), database);
            Process tomcat =
                    tomcat(port, Path.of(args[1]), Path.of(args[2]), Path.of(args[3]), Path.of(args[4]), database);
            // Ctrl-C reaches both; an end of this program by any other way must not leave Tomcat behind.
            Runtime.getRuntime().addShutdownHook(new Thread(tomcat::destroy));
            greet(tomcat, port, database);
            System.exit(tomcat.waitFor());
        }
    }

    private static boolean isTaken(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return false;
        } catch (java.net.BindException e) {
            return true;
        }
    }

    /** Makes the sample database of the old app from its SQL script, unless it is there. */
    private static void makeDatabase(Path script, Path database) throws IOException, SQLException {
        if (Files.exists(database)) {
            return;
        }
        Files.createDirectories(database.getParent());
        // Under another name until it is whole: what an interrupted run leaves must not pass for a database.
        Path unfinished = database.resolveSibling(database.getFileName() + ".unfinished");
        Files.deleteIfExists(unfinished);
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + unfinished);
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(Files.readString(script));
        }
        Files.move(unfinished, database, StandardCopyOption.ATOMIC_MOVE);
    }

    private static Process tomcat(int port, Path home, Path base, Path logging, Path war, Path database)
            throws IOException {
        for (String folder : List.of("conf", "webapps", "work", "temp", "logs")) {
            Files.createDirectories(base.resolve(folder));
        }
        Files.copy(home.resolve("conf/web.xml"), base.resolve("conf/web.xml"), StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(
                base.resolve("conf/server.xml"),
                SERVER_XML.formatted(port, war.toAbsolutePath().toString().replace("&", "&amp;")));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM_OPTIONS);
        command.addAll(List.of(
                "-Dcatalina.home=" + home.toAbsolutePath(),
                "-Dcatalina.base=" + base.toAbsolutePath(),
                "-Djava.io.tmpdir=" + base.resolve("temp").toAbsolutePath(),
                "-Djava.util.logging.config.file=" + logging.toAbsolutePath(),
                "-Djava.util.logging.manager=org.apache.juli.ClassLoaderLogManager",
                "-Dmultisession.db.url=" + database,
                "-cp",
                home.resolve("bin/bootstrap.jar") + java.io.File.pathSeparator + home.resolve("bin/tomcat-juli.jar"),
                "org.apache.catalina.startup.Bootstrap",
                "start"));
        return new ProcessBuilder(command).inheritIO().start();
    }

    /** Says, once Tomcat is up, what there is to try. */
    private static void greet(Process tomcat, int port, Path database) throws InterruptedException {
        int status = 0;
        while (status == 0 && tomcat.isAlive()) {
            Thread.sleep(200);
            status = status("http://localhost:" + port + "/health");
        }
        if (status == 200) {
            OUT.print(hints(port, database));
        } else if (status != 0) {
            OUT.printf(
                    "%n  Multi-Session did not start (/health answered %d); the reason is above. Stop with Ctrl-C.%n%n",
                    status);
        }
    }

    /** Zero while nobody answers. */
    private static int status(String address) throws InterruptedException {
        try {
            return HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(URI.create(address)).build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    private static String hints(int port, Path database) {
        return """

                  Multi-Session runs on   http://localhost:%1$s/

                  Sign in as user 42      with the number +7 999 123-45-67;
                                          the code that a message would bring is written here
                  Come as an old device   curl -b auth_token=old_token_xyz123 http://localhost:%1$s/api/me
                  The database            %2$s
                                          (kept between runs; delete it to start afresh)
                  Stop                    Ctrl-C

                """.formatted(port, database);
    }
}
