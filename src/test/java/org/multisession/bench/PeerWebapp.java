package org.multisession.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The same kind of session, kept by Spring Session JDBC on SQLite: a filter, a servlet, and their database. */
final class PeerWebapp {

    private static final String FILTER = "org/multisession/bench/PeerFilter.class";
    private static final String ANSWER =
            "{\"id\":123456,\"phone\":\"+79000123456\",\"plan\":\"free\",\"via\":\"session\",\"session\":{\"id\":"
                    + "\"aaaaaaaaaaaaaaaaaaaaaa\",\"createdAt\":\"2026-11-01T12:00:00Z\",\"lastSeenAt\":\"2026-11-01T12:00:00Z\"}}";

    private final Path folder;
    private final int sessions;

    private PeerWebapp(Path folder, int sessions) {
        this.folder = folder;
        this.sessions = sessions;
    }

    /** Null where its libraries are not on the class path. */
    static @Nullable PeerWebapp ifThere(Path under, int sessions) {
        if (PeerWebapp.class.getClassLoader().getResource(FILTER) == null) {
            return null;
        }
        PeerWebapp peer = new PeerWebapp(under.resolve("peer"), sessions);
        try {
            peer.write(under.resolve("peer-" + sessions + ".db"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return peer;
    }

    Path folder() {
        return folder;
    }

    /** Cookies of its sessions, as Spring writes them. */
    List<String> cookies() {
        return new Random(1)
                .ints(Math.min(100_000, sessions), 0, sessions)
                .mapToObj(i ->
                        Base64.getEncoder().encodeToString(id(i).getBytes(java.nio.charset.StandardCharsets.US_ASCII)))
                .toList();
    }

    private static String id(int session) {
        Random random = new Random(session * 0x9e3779b97f4a7c15L);
        return new UUID(random.nextLong(), random.nextLong()).toString();
    }

    private void write(Path database) throws IOException, SQLException {
        Path classes = Files.createDirectories(folder.resolve("WEB-INF/classes/org/multisession/bench"));
        Path libraries = Files.createDirectories(folder.resolve("WEB-INF/lib"));
        List<Path> classPath = Stream.of(System.getProperty("java.class.path").split(java.io.File.pathSeparator))
                .map(Path::of)
                .toList();
        for (Path each : classPath) {
            String name = String.valueOf(each.getFileName());
            if (name.matches("(spring|micrometer|HikariCP|sqlite-jdbc|slf4j).*\\.jar")) {
                Files.copy(each, libraries.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            } else if (Files.exists(each.resolve(FILTER))) {
                try (Stream<Path> all = Files.list(each.resolve(FILTER).getParent())) {
                    for (Path one : all.filter(
                                    file -> String.valueOf(file.getFileName()).startsWith("Peer"))
                            .toList()) {
                        Files.copy(one, classes.resolve(one.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                    }
                }
            }
        }
        Files.writeString(folder.resolve("WEB-INF/web.xml"), """
                <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0" metadata-complete="true">
                  <filter><filter-name>peer</filter-name>
                    <filter-class>org.multisession.bench.PeerFilter</filter-class>
                    <init-param><param-name>database</param-name><param-value>%s</param-value></init-param></filter>
                  <filter-mapping><filter-name>peer</filter-name><url-pattern>/*</url-pattern></filter-mapping>
                </web-app>
                """.formatted(database));
        if (!Files.exists(database)) {
            fill(database);
        }
    }

    private void fill(Path database) throws IOException, SQLException {
        Path unfinished = Files.createTempFile(folder, "peer", ".db");
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(answer)) {
            out.writeObject(ANSWER);
        }
        String schema;
        try (var in = java.util.Objects.requireNonNull(
                PeerWebapp.class.getResourceAsStream("/org/springframework/session/jdbc/schema-sqlite.sql"))) {
            schema = new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + unfinished);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode=OFF");
            statement.execute("PRAGMA synchronous=OFF");
            statement.execute("PRAGMA cache_size=-400000");
            statement.executeUpdate(schema);
            statement.execute("BEGIN");
            long now = System.currentTimeMillis();
            try (PreparedStatement session =
                            connection.prepareStatement("INSERT INTO SPRING_SESSION VALUES (?, ?, ?, ?, ?, ?, ?)");
                    PreparedStatement attribute = connection.prepareStatement(
                            "INSERT INTO SPRING_SESSION_ATTRIBUTES VALUES (?, 'answer', ?)")) {
                for (int i = 0; i < sessions; i++) {
                    String primary = id(-1 - i);
                    List<Object> values = new ArrayList<>(
                            List.of(primary, id(i), now, now, 86_400 * 300, now + 86_400_000L * 300, "" + i / 2));
                    for (int column = 0; column < values.size(); column++) {
                        session.setObject(column + 1, values.get(column));
                    }
                    session.executeUpdate();
                    attribute.setString(1, primary);
                    attribute.setBytes(2, answer.toByteArray());
                    attribute.executeUpdate();
                }
            }
            statement.execute("COMMIT");
            statement.execute("PRAGMA journal_mode=WAL");
        }
        Files.move(unfinished, database);
    }
}
