package org.multisession.bench;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.multisession.token.SessionToken;

/**
 * The statements that a sign-in of a user with few sessions needs, by one connection, one transaction each, without
 * anything around them.
 */
final class BareSignIns {

    private static final String NOW = "2026-11-01 12:00:00.000000";

    private BareSignIns() {}

    /**
     * How it went.
     *
     * @param micros of processor time for each, that of this process
     */
    record Result(double perSecond, double micros) {}

    static Result run(Path database, List<String> phones, int seconds) throws SQLException {
        java.security.SecureRandom random = new java.security.SecureRandom();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA synchronous=FULL");
            statement.execute("PRAGMA foreign_keys=ON");
            statement.execute("PRAGMA secure_delete=ON");
            statement.execute("PRAGMA cache_size=-16000");
            Prepared prepared = new Prepared(connection);
            long spent = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            long begin = System.nanoTime();
            long end = begin + seconds * 1_000_000_000L;
            int count = 0;
            while (System.nanoTime() - end < 0) {
                statement.execute("BEGIN IMMEDIATE");
                long user = prepared.number(
                        "SELECT user_id FROM multisession_phones WHERE number = ?", phones.get(count % phones.size()));
                prepared.number("SELECT id FROM users WHERE id = ?", user);
                SessionToken token = SessionToken.random(random);
                prepared.run(
                        "INSERT INTO auth_events (occurred_at, kind, outcome, user_id, address, device)"
                                + " VALUES (?, 'sign-in', 'done', ?, '127.0.0.1', '')",
                        NOW,
                        user);
                prepared.run(
                        "INSERT INTO multisession_tokens (auth_token, user_id, recorded_at) VALUES (?, ?, ?)",
                        token.value(),
                        user,
                        NOW);
                prepared.run(
                        "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (?, ?, ?, ?)",
                        user,
                        token.value(),
                        NOW,
                        NOW);
                prepared.run(
                        "INSERT INTO multisession_sign_ins (token_hash, user_id, arrived_at, proved_at)"
                                + " VALUES (?, ?, ?, ?)",
                        token.hash(),
                        user,
                        NOW,
                        NOW);
                prepared.run(
                        "INSERT INTO multisession_devices (token_hash, device, address, shared) VALUES (?, '', '', 0)",
                        token.hash());
                // Whether the mirror overwrites a token that is to be adopted; none is.
                prepared.number(
                        "SELECT 1 FROM users u JOIN multisession_tokens t ON t.auth_token = u.auth_token WHERE u.id = ?",
                        user);
                prepared.run("UPDATE users SET auth_token = ? WHERE id = ?", token.value(), user);
                prepared.number(
                        "SELECT count(recorded_at) FROM multisession_tokens WHERE user_id = ? AND ended_at IS NULL",
                        user);
                statement.execute("COMMIT");
                count++;
            }
            prepared.close();
            double nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - spent;
            return new Result(count * 1e9 / (System.nanoTime() - begin), nanos / 1000 / count);
        }
    }

    /** Statements, compiled once. */
    private static final class Prepared {

        private final Connection connection;
        private final java.util.Map<String, PreparedStatement> statements = new java.util.HashMap<>();

        Prepared(Connection connection) {
            this.connection = connection;
        }

        void run(String sql, Object... values) throws SQLException {
            bound(sql, values).executeUpdate();
        }

        long number(String sql, Object... values) throws SQLException {
            try (ResultSet row = bound(sql, values).executeQuery()) {
                return row.next() ? row.getLong(1) : 0;
            }
        }

        private PreparedStatement bound(String sql, Object... values) throws SQLException {
            PreparedStatement statement = statements.get(sql);
            if (statement == null) {
                statement = connection.prepareStatement(sql);
                statements.put(sql, statement);
            }
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            return statement;
        }

        void close() throws SQLException {
            for (PreparedStatement statement : new ArrayList<>(statements.values())) {
                statement.close();
            }
        }
    }
}
