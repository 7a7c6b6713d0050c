package org.multisession.check;

import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.db.sqlite.ScratchCopy;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.migration.Migrator;
import org.multisession.migration.Progress;
import org.multisession.migration.Step;

/**
 * What decides who is signed in, read from a server and written into a SQLite file in the temp directory, on which the
 * rules are then asked for every token. Only this account can read it, and it is deleted when it is closed.
 */
final class ScratchRows implements AutoCloseable {

    private static final String MAKE_USERS =
            "CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, auth_token TEXT %s)";

    private static final String MAKE_SESSIONS = """
            CREATE TABLE user_sessions (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, auth_token TEXT %s,
              created_at DATETIME, last_seen_at DATETIME)
            """;

    /** A table, what is read of it, and where that goes. */
    private record Part(String table, String columns, String select) {}

    private static final Part USERS = new Part(
            "users", "id, phone, auth_token", "SELECT id, phone::TEXT, auth_token::TEXT FROM users ORDER BY id");

    private static final Part SESSIONS =
            new Part("user_sessions", "id, user_id, auth_token, created_at, last_seen_at", """
            SELECT id, user_id, auth_token::TEXT, created_at::TIMESTAMP::TEXT, last_seen_at::TIMESTAMP::TEXT
            FROM user_sessions ORDER BY id
            """);

    /** Our triggers have written there what these say otherwise. */
    private static final List<Part> OURS = List.of(
            new Part("multisession_tokens", "auth_token, user_id, recorded_at, ended_at, end_reason", """
                    SELECT auth_token, user_id, (recorded_at AT TIME ZONE 'UTC')::TEXT,
                      (ended_at AT TIME ZONE 'UTC')::TEXT, end_reason FROM multisession_tokens
                    """),
            new Part(
                    "multisession_rows",
                    "id, auth_token, created_at",
                    "SELECT id, auth_token, created_at::TIMESTAMP::TEXT FROM multisession_rows"),
            new Part("multisession_accounts", "user_id, phone, token_tail, unwatched", """
                    SELECT user_id, phone, token_tail, unwatched::INTEGER FROM multisession_accounts
                    """),
            new Part("multisession_created", "name, created_at", """
                    SELECT name, (created_at AT TIME ZONE 'UTC')::TEXT FROM multisession_created
                    """),
            new Part("multisession_state", "name, value, changed_at", """
                    SELECT name, value, (changed_at AT TIME ZONE 'UTC')::TEXT FROM multisession_state
                    WHERE name NOT IN ('migrated', 'migration', 'schema')
                    """));

    private static final String OUR_TRIGGERS =
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'multisession\\_%' ESCAPE '\\'";

    private final ScratchCopy file;

    private ScratchRows(ScratchCopy file) {
        this.file = file;
    }

    /** One with nothing in it yet. */
    static ScratchRows empty() {
        return new ScratchRows(ScratchCopy.empty());
    }

    Path path() {
        return file.path();
    }

    /**
     * Copies what the server shows at this moment.
     *
     * @param server reads the server at one moment
     * @param found what is there
     */
    void fill(Handle server, ServerSchema found, InstantSource clock, Progress progress) {
        try (SqliteFile claimed = SqliteFile.claim(path(), true, "check");
                Database database = Database.open(claimed, 1, Duration.ofSeconds(5))) {
            if (found.isNew()) {
                return;
            }
            database.execute(transaction -> {
                ComposedSql.run(transaction, MAKE_USERS.formatted(found.collation("users")));
                if (found.hasSessions()) {
                    ComposedSql.run(transaction, MAKE_SESSIONS.formatted(found.collation("user_sessions")));
                }
            });
            if (found.wasMigrated()) {
                new Migrator(database, clock).migrate();
            }
            database.execute(transaction -> fill(server, found, transaction, progress));
        }
    }

    private static void fill(Handle server, ServerSchema found, Transaction scratch, Progress progress)
            throws SQLException {
        copy(server, scratch, USERS, progress);
        if (found.hasSessions()) {
            copy(server, scratch, SESSIONS, progress);
        }
        if (found.wasMigrated()) {
            for (Part part : OURS) {
                ComposedSql.run(scratch, "DELETE FROM " + part.table());
                copy(server, scratch, part, progress);
            }
            dropTriggersBut(scratch, found.triggers());
        }
    }

    private static void copy(Handle server, Transaction scratch, Part part, Progress progress) throws SQLException {
        int columns = part.columns().split(",", -1).length;
        Step step = new Step(
                progress,
                "reading " + part.table(),
                ComposedSql.number(server, "SELECT count(*) FROM " + part.table()));
        long done = 0;
        try (PreparedStatement select = server.prepare(part.select());
                PreparedStatement insert = scratch.prepare("INSERT INTO " + part.table() + " (" + part.columns()
                        + ") VALUES (?" + ", ?".repeat(columns - 1) + ")");
                ResultSet row = select.executeQuery()) {
            while (row.next()) {
                for (int i = 1; i <= columns; i++) {
                    insert.setObject(i, row.getObject(i));
                }
                insert.executeUpdate();
                step.at(++done);
            }
        }
        step.end();
    }

    /** What nobody watches on the server, nobody watches here. */
    private static void dropTriggersBut(Transaction scratch, Set<String> firing) throws SQLException {
        for (String trigger : ComposedSql.texts(scratch, OUR_TRIGGERS)) {
            if (isWatching(trigger) && !firing.contains(trigger)) {
                ComposedSql.run(scratch, "DROP TRIGGER " + trigger);
            }
        }
    }

    /** The others only keep up what is read from the server anyway. */
    private static boolean isWatching(String trigger) {
        return trigger.equals("multisession_user_inserted")
                || trigger.equals("multisession_user_id_changed")
                || trigger.startsWith("multisession_session_");
    }

    @Override
    public void close() {
        file.close();
    }
}
