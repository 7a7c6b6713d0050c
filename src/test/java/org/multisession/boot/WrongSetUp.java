package org.multisession.boot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.multisession.testing.SqliteApp;

/**
 * A set-up that is wrong, how to mend it, and the words that its refusal must have.
 *
 * @param name of the context, and of the folder with the database
 * @param breaking makes what lies at the database's path
 * @param parameters beside the database's path; {@code %s} in a value, and in the words, stands for that path
 * @param mending puts right what is wrong with the database; wrong parameters are mended by leaving them out
 */
record WrongSetUp(String name, Step breaking, Map<String, String> parameters, Step mending, List<String> words) {

    /** What is done to the file at the database's path. */
    interface Step {
        void on(Path database) throws IOException;
    }

    private static final String URL = "multisession.db.url";

    private static final String RIGHT = """
            CREATE TABLE users (id INTEGER PRIMARY KEY, phone VARCHAR(20), auth_token VARCHAR(128));
            INSERT INTO users VALUES (42, '+79991234567', 'token-of-42');
            """;

    static List<WrongSetUp> all() {
        return List.of(
                settings(
                        "unknown-key",
                        Map.of("multisession.login.registraton", "open"),
                        "one setting is wrong: there is no setting multisession.login.registraton;"
                                + " did you mean multisession.login.registration?"),
                settings(
                        "several-faults",
                        Map.of(
                                "multisession.db.pool-size", "0",
                                "multisession.phone.region", "Russia",
                                "multisession.cookie.same-site", "Sideways",
                                "multisession.session.idle-timeout", "30 days",
                                "multisession.seesion.max-lifetime", "P1D"),
                        "5 settings are wrong:",
                        "multisession.db.pool-size = '0' (context parameter) must be a whole number from 1 to 64",
                        "multisession.phone.region = 'Russia' (context parameter) must be the ISO 3166 code",
                        "multisession.cookie.same-site = 'Sideways' (context parameter) must be Strict, Lax or None",
                        "multisession.session.idle-timeout = '30 days' (context parameter) must be an ISO 8601",
                        "no setting multisession.seesion.max-lifetime; did you mean multisession.session.max-lifetime?"),
                settings("url-with-parameter", Map.of(URL, "%s?typo=1"), URL + " = '%s?typo=1'", "without parameters"),
                settings(
                        "jdbc-url-with-parameter",
                        Map.of(URL, "jdbc:sqlite:file:%s?mode=rwc"),
                        URL + " = 'jdbc:sqlite:file:%s?mode=rwc'",
                        "must be the path of a SQLite file",
                        "without parameters"),
                database(
                        "missing-file",
                        file -> {},
                        file -> sql(file, RIGHT),
                        "there is no file %s",
                        "heck " + URL,
                        "multisession.db.create = true"),
                database(
                        "folder",
                        Files::createDirectory,
                        file -> {
                            Files.delete(file);
                            sql(file, RIGHT);
                        },
                        "%s is not a plain file",
                        "heck " + URL),
                database(
                        "not-a-database",
                        file -> Files.writeString(file, "id;phone;auth_token\n".repeat(400)),
                        file -> {
                            Files.delete(file);
                            sql(file, RIGHT);
                        },
                        "%s",
                        "is not a SQLite database",
                        "heck " + URL),
                database(
                        "no-users",
                        file -> sql(file, "CREATE TABLE customers (id INTEGER PRIMARY KEY)"),
                        file -> sql(file, RIGHT),
                        "there is no table users, but there are others (customers)",
                        "heck " + URL),
                database(
                        "no-tokens",
                        file -> sql(file, "CREATE TABLE users (id INTEGER PRIMARY KEY, phone VARCHAR(20))"),
                        file -> sql(file, "ALTER TABLE users ADD COLUMN auth_token VARCHAR(128)"),
                        "the table users has no column auth_token; it has id, phone",
                        "heck " + URL),
                database(
                        "users-are-a-view",
                        file -> sql(file, "CREATE VIEW users AS SELECT 1 AS id, '1' AS phone, 'a' AS auth_token"),
                        file -> sql(file, "DROP VIEW users;" + RIGHT),
                        "users is a view, not a table",
                        "must point to the table that holds the users"),
                database(
                        "text-ids",
                        file -> sql(
                                file,
                                "CREATE TABLE users (id VARCHAR(36) PRIMARY KEY, phone VARCHAR(20), auth_token TEXT);"
                                        + "INSERT INTO users VALUES ('3f2b', '+79991234567', 'token-of-42')"),
                        file -> sql(file, "DROP TABLE users;" + RIGHT),
                        "users.id is declared as VARCHAR(36)",
                        "must be whole numbers (INTEGER)"),
                database(
                        "text-among-numeric-ids",
                        file -> sql(
                                file,
                                "CREATE TABLE users (id BIGINT PRIMARY KEY, phone VARCHAR(20), auth_token TEXT);"
                                        + "INSERT INTO users VALUES (1, '1', 'a'), ('guest', '2', 'b')"),
                        file -> sql(file, "DELETE FROM users WHERE id = 'guest'"),
                        "users.id must be a whole number in every row; these are none: 'guest'",
                        "Mend these rows first"),
                database(
                        "ids-of-two-users",
                        file -> sql(
                                file,
                                "CREATE TABLE users (id INTEGER, app INTEGER, phone VARCHAR(20), auth_token TEXT,"
                                        + " PRIMARY KEY (id, app));"
                                        + "INSERT INTO users VALUES (1, 1, '1', 'a'), (1, 2, '2', 'b')"),
                        file -> sql(file, "DROP TABLE users;" + RIGHT),
                        "users.id is neither the primary key nor unique",
                        "Make it the primary key"),
                database(
                        "other-sessions",
                        file -> sql(file, RIGHT + "CREATE TABLE user_sessions (sid TEXT PRIMARY KEY, data BLOB)"),
                        file -> sql(file, "ALTER TABLE user_sessions RENAME TO web_sessions"),
                        "the table user_sessions has no column id, user_id, auth_token, created_at, last_seen_at",
                        "rename it"),
                new WrongSetUp(
                        "ids-that-nobody-gives-out",
                        file -> sql(file, "CREATE TABLE users (id BIGINT PRIMARY KEY, phone TEXT, auth_token TEXT)"),
                        Map.of("multisession.login.registration", "open"),
                        file -> {},
                        List.of(
                                "multisession.login.registration = open, but a new row of users needs a value for id,",
                                "close registration")),
                new WrongSetUp(
                        "unknown-column-to-fill",
                        file -> sql(
                                file,
                                "CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT,"
                                        + " name TEXT NOT NULL DEFAULT '', city TEXT NOT NULL)"),
                        Map.of("multisession.login.registration", "open"),
                        file -> {},
                        List.of(
                                "multisession.login.registration = open, but a new row of users needs a value for city,",
                                "give the column a default, or close registration")));
    }

    private static WrongSetUp settings(String name, Map<String, String> parameters, String... words) {
        return new WrongSetUp(
                name, file -> sql(file, SqliteApp.script("single")), parameters, file -> {}, List.of(words));
    }

    private static WrongSetUp database(String name, Step breaking, Step mending, String... words) {
        return new WrongSetUp(name, breaking, Map.of(), mending, List.of(words));
    }

    private static void sql(Path file, String script) {
        try (SqliteApp database = SqliteApp.open(file)) {
            database.run(script);
        }
    }

    Path database(Path root) {
        return root.resolve(name).resolve("app.db");
    }

    Map<String, String> wrongParameters(Path root) {
        Map<String, String> all = new LinkedHashMap<>(rightParameters(root));
        parameters.forEach((key, value) -> all.put(key, withPath(root, value)));
        return all;
    }

    Map<String, String> rightParameters(Path root) {
        return Map.of(URL, database(root).toString());
    }

    List<String> words(Path root) {
        return words.stream().map(text -> withPath(root, text)).toList();
    }

    private String withPath(Path root, String text) {
        return text.replace("%s", database(root).toString());
    }

    /** How many are to be named. */
    int faults() {
        return name.equals("several-faults") ? parameters.size() : 1;
    }

    @Override
    public String toString() {
        return name;
    }
}
