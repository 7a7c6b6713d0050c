package org.multisession.config;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where the database is, as {@code multisession.db.url} says. */
public sealed interface DatabaseLocation {

    /** A SQLite file. */
    record SqlitePath(Path path) implements DatabaseLocation {

        @Override
        public Optional<Path> file() {
            return Optional.of(path);
        }

        @Override
        public String toString() {
            return path.toString();
        }
    }

    /**
     * A database of a PostgreSQL server.
     *
     * @param url which may hold a user and a password of its own
     * @param user null if the URL names it
     * @param password null if the URL holds it, or none is needed
     */
    record PostgresUrl(
            String url, @Nullable String user, @Nullable String password) implements DatabaseLocation {

        @Override
        public String toString() {
            return Setting.withoutPasswords(url);
        }
    }

    /** A pool of Tomcat's, as {@code java:comp/env/jdbc/users}. */
    record JndiName(String name) implements DatabaseLocation {

        @Override
        public String toString() {
            return name;
        }
    }

    /** The file; empty where the database is no file. */
    default Optional<Path> file() {
        return Optional.empty();
    }

    /** For messages. Holds no secret. */
    @Override
    String toString();
}
