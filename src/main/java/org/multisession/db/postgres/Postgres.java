package org.multisession.db.postgres;

import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;
import org.multisession.db.FailureKind;
import org.multisession.db.SqlTime;
import org.multisession.db.Vendor;

/**
 * How a transaction runs on PostgreSQL, at READ COMMITTED, and what its SQLStates mean. What SQLite's single writer
 * guarantees has to be asked for here, by {@link #lock}.
 */
public final class Postgres implements Vendor {

    /** For connections that nobody else uses. */
    static final Postgres VENDOR = new Postgres("");

    /** How many rows there are to be locked. Two keys may share one, and then wait for each other needlessly. */
    static final int LOCKS = 1024;

    /** The migration makes the rows; they say nothing, and only their locks mean anything. */
    private static final String LOCK = "SELECT 1 FROM multisession_locks WHERE slot = ? FOR UPDATE";

    /** Whoever replaces the table, or our triggers on it, or switches one off, changes this. */
    private static final String TABLE_OF_USERS = "(SELECT encode(sha256(convert_to(concat(to_regclass('users')::oid,"
            + " string_agg(concat(oid, tgenabled), ' ' ORDER BY oid)), 'UTF8')), 'hex')"
            + " FROM pg_catalog.pg_trigger"
            + " WHERE tgrelid = to_regclass('users') AND tgname LIKE 'multisession\\_%')";

    /** A setting that nobody has. The server names it in whatever language it speaks. */
    private static final String ASKED_OF_A_STANDBY = "multisession.asked_of_a_standby";

    /**
     * Fails where the server is a standby, and is true elsewhere. A pooler, or a pool with a single address, may be led to
     * one while we run. As a query of its own it is asked once, before any row, and also where there is none.
     */
    private static final String IS_PRIMARY =
            "(SELECT CASE WHEN pg_is_in_recovery() THEN current_setting('" + ASKED_OF_A_STANDBY + "') END IS NULL)";

    /** What has our prefix is made by the migration. */
    private static final Map<String, String> WORDS = Map.ofEntries(
            Map.entry("isPrimary", IS_PRIMARY),
            Map.entry("schemaState", "SELECT count(*) FROM multisession_triggers WHERE " + IS_PRIMARY),
            Map.entry("triggers", "multisession_triggers"),
            // A name that the inner row does not have is the outer one's. It opens no table. It is always of one type:
            // otherwise statements that were prepared before would fail.
            Map.entry(
                    "planIfAny",
                    "(SELECT (SELECT CAST(plan AS TEXT) FROM (SELECT u.*) p) FROM (SELECT NULL AS plan) none)"),
            Map.entry(
                    "sessionColumns",
                    "(SELECT attname AS name, attnotnull AS required FROM pg_catalog.pg_attribute"
                            + " WHERE attrelid = to_regclass('user_sessions') AND attnum > 0)"),
            Map.entry("time", "TIMESTAMP"),
            Map.entry("typeof", "multisession_typeof"),
            Map.entry("isSeenAsWritten", "s.last_seen_at IS NOT NULL"),
            Map.entry("longAgo", "'-infinity'"),
            Map.entry("binary", "COLLATE \"C\""),
            Map.entry("forUpdate", "FOR UPDATE"),
            Map.entry("forUpdateIfFree", "FOR UPDATE SKIP LOCKED"),
            // Less: whoever adds a row that refers to the locked one need not wait. The migration finds out whether
            // that is enough.
            Map.entry("forChange", "FOR NO KEY UPDATE"),
            Map.entry(
                    "unlessLocked",
                    "AND EXISTS (SELECT 1 FROM user_sessions l WHERE l.id = user_sessions.id FOR NO KEY UPDATE SKIP LOCKED)"),
            Map.entry("hasFiveDigits", "~ '[0-9].*[0-9].*[0-9].*[0-9].*[0-9]'"),
            Map.entry("markOfToken", "multisession_mark(CAST(u.auth_token AS TEXT))"),
            // The driver has a type of its own for citext.
            Map.entry("tokenToRead", "CAST(h.auth_token AS TEXT)"),
            Map.entry(
                    "copies",
                    "(SELECT c.relname AS name FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p')"
                            + " AND c.relnamespace ="
                            + " (SELECT u.relnamespace FROM pg_catalog.pg_class u WHERE u.oid = to_regclass('users'))"
                            + " AND c.relname NOT IN ('users', 'user_sessions') AND c.relname NOT LIKE 'multisession\\_%'"
                            + " AND EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid"
                            + " AND a.attname = 'auth_token' AND NOT a.attisdropped)"
                            + " AND EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid"
                            + " AND a.attname IN ('phone', 'user_id') AND NOT a.attisdropped)) tables"),
            Map.entry("tableOfUsers", TABLE_OF_USERS));

    private static final String READ_ONLY = "25006";

    /** The server wants a password that was not given, or the URL an encryption that the server does not have. */
    private static final String REJECTED = "08004";

    /** The server puts its own word for the severity before its message, in its own language. */
    private static final Pattern SEVERITY = Pattern.compile("^[^\\s:\"]+: +");

    private final String beginning;

    private Postgres(String beginning) {
        this.beginning = beginning;
    }

    /**
     * For sessions that others use as well, before and after each transaction of ours: behind a pooler, or in a pool that is
     * not ours. Nothing may be set there for longer than a transaction.
     *
     * @param lock how long to wait for a lock
     * @param statement how long a statement may take
     * @param canNotice whether the server {@link #canNoticeWhoIsGone}
     */
    static Postgres onSharedSessions(Duration lock, Duration statement, boolean canNotice) {
        return new Postgres(
                "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = " + lock.toMillis()
                        + "; SET LOCAL statement_timeout = " + statement.toMillis()
                        + "; SET LOCAL idle_in_transaction_session_timeout = " + PostgresSource.MAX_PAUSE.toMillis()
                        + "; SET LOCAL TIME ZONE 'UTC'" + (canNotice ? "; SET LOCAL " + NOTICE_WHO_IS_GONE : ""));
    }

    /**
     * For sessions that nobody else uses. A role or a database may be set to be told of a commit before it is on disk. What
     * we acknowledge must be there; what waits for more, such as a standby, goes on doing so.
     */
    static final String KEEP_WHAT_IS_COMMITTED = "SELECT set_config('synchronous_commit', 'on', false)"
            + " WHERE current_setting('synchronous_commit') = 'off'";

    /** Since version 17 a role or a database may be set to end whatever transaction lasts longer. Until ours ends. */
    static final String LET_THIS_LAST = "SELECT set_config('transaction_timeout', '0', true)"
            + " WHERE current_setting('transaction_timeout', true) IS NOT NULL";

    /** The same for all transactions of a session that nobody else uses. */
    static final String LET_ALL_LAST = LET_THIS_LAST.replace("'0', true", "'0', false");

    /**
     * A server goes on with a statement, and keeps its locks, until it has an answer and nobody to give it to. This lets it
     * look every second.
     */
    static final String NOTICE_WHO_IS_GONE = "client_connection_check_interval = '1s'";

    /** Whether the server can look whether somebody waits for it, and does not; on other systems than Linux it cannot. */
    static boolean canNoticeWhoIsGone(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT 1 WHERE current_setting('client_connection_check_interval', true) = '0'"
                                + " AND version() LIKE '%linux%'")) {
            return row.next();
        }
    }

    /** Whether others use the sessions as well. */
    boolean sharesSessions() {
        return !beginning.isEmpty();
    }

    @Override
    public String product() {
        return "PostgreSQL, JDBC driver " + org.postgresql.util.DriverInfo.DRIVER_VERSION;
    }

    @Override
    public boolean isServer() {
        return true;
    }

    @Override
    public Map<String, String> words() {
        return WORDS;
    }

    /** With the offset, so that neither the zone of the session nor the type of the column changes what it means. */
    @Override
    public String text(Instant moment) {
        return SqlTime.format(moment) + "+00";
    }

    @Override
    public void begin(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        if (beginning.isEmpty()) {
            return;
        }
        try (Statement statement = connection.createStatement()) {
            // SHOW takes no snapshot, so the work can still choose to see one moment only.
            statement.execute("SHOW synchronous_commit; " + beginning);
            if (isOff(statement)) {
                statement.execute("SET LOCAL synchronous_commit = on");
            }
        } catch (SQLException e) {
            rollback(connection);
            throw e;
        }
    }

    private static boolean isOff(Statement shown) throws SQLException {
        try (ResultSet row = shown.getResultSet()) {
            row.next();
            return row.getString(1).equals("off");
        }
    }

    /** Nothing is in the way of a commit here: locks are taken by the statements before it. */
    @Override
    public void commit(Connection connection, Duration wait) throws SQLException {
        connection.commit();
        connection.setAutoCommit(true);
    }

    @Override
    public void rollback(Connection connection) throws SQLException {
        connection.rollback();
        connection.setAutoCommit(true);
    }

    /** A row lock, which ends with the transaction, also where its connection breaks, and which any pooler carries. */
    @Override
    public void lock(Connection connection, String key) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(LOCK)) {
            statement.setInt(1, Math.floorMod(key.hashCode(), LOCKS));
            statement.execute();
        }
    }

    @Override
    public FailureKind kindOf(SQLException e) {
        // The driver throws none of these itself: it is a rule of ours.
        if (e instanceof SQLIntegrityConstraintViolationException) {
            return FailureKind.CONSTRAINT;
        }
        String state = e.getSQLState();
        if (state == null || state.length() != 5) {
            return FailureKind.OTHER;
        }
        if (isOfAStandby(e)) {
            return FailureKind.UNREACHABLE;
        }
        return switch (state) {
            case "40001", "40P01" -> FailureKind.CONFLICT;
            // A lock or a statement took too long; somebody is altering or dropping what a plan was made for.
            case "55P03", "57014" -> FailureKind.BUSY;
            // The server stops, starts, has no place left, or has become a standby.
            case "57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "53300", READ_ONLY -> FailureKind.UNREACHABLE;
            case "53100" -> FailureKind.FULL;
            case "42501", REJECTED -> FailureKind.ACCESS;
            case "P0001" -> FailureKind.CONSTRAINT;
            case "XX001", "XX002" -> FailureKind.DAMAGE;
            default ->
                switch (state.substring(0, 2)) {
                    case "08" -> FailureKind.UNREACHABLE;
                    case "28", "3D" -> FailureKind.ACCESS;
                    case "23" -> FailureKind.CONSTRAINT;
                    case "0A", "22", "42" -> FailureKind.STATEMENT;
                    // Memory, or a limit of the server.
                    case "53" -> FailureKind.UNREACHABLE;
                    case "58" -> FailureKind.DISK;
                    default -> FailureKind.OTHER;
                };
        };
    }

    private static boolean isOfAStandby(SQLException e) {
        return "42704".equals(e.getSQLState()) && String.valueOf(e.getMessage()).contains(ASKED_OF_A_STANDBY);
    }

    @Override
    public boolean isReferredTo(SQLException e) {
        return "23503".equals(e.getSQLState()) || "23001".equals(e.getSQLState());
    }

    /** The driver's text may quote a value: "Key (auth_token)=(…) already exists". So only the names are used. */
    @Override
    public String describe(SQLException e) {
        return switch (kindOf(e)) {
            case ACCESS -> access(e);
            case FULL -> "the disk of the database is full";
            case DISK -> "the disk of the database could not be read or written (SQLState " + e.getSQLState() + ")";
            case DAMAGE -> "the database is damaged (" + reasonIn(e) + ")";
            case UNREACHABLE -> "the database cannot be reached (" + obstacle(e) + ")";
            case STATEMENT, OTHER -> reasonIn(e) + " (SQLState " + e.getSQLState() + ")" + advice(e);
            default -> reasonIn(e) + " (SQLState " + e.getSQLState() + ")";
        };
    }

    /** A pooler in transaction mode gives each transaction another session, which knows other prepared statements. */
    private static String advice(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        return state.equals("26000") || state.equals("42P05")
                ? ". A pooler between here and the server may have mixed up the sessions: add prepareThreshold=0 to the URL"
                : "";
    }

    private String access(SQLException e) {
        String reason = " (" + reasonIn(e) + ")";
        String state = String.valueOf(e.getSQLState());
        if (state.startsWith("28")) {
            return "the server does not let this account in" + reason
                    + ". Check multisession.db.user and multisession.db.password, and pg_hba.conf";
        }
        if (state.equals(REJECTED)) {
            return "the server does not take this connection (" + obstacle(e)
                    + "). Check multisession.db.url, multisession.db.user and multisession.db.password";
        }
        return state.startsWith("3D")
                ? "there is no such database" + reason + ". Check multisession.db.url"
                : "the account of multisession.db.user may not do this" + reason
                        + ". docs/postgresql.md lists the GRANTs that it needs";
    }

    /** What the driver says of a connection names a host at the most. */
    private String obstacle(SQLException e) {
        if (isOfAStandby(e)) {
            return "its server is a standby, which does not know of the latest sign-outs";
        }
        String words = reasonIn(e).replaceFirst("\\.? Check that .*|\\.$", "");
        if (READ_ONLY.equals(e.getSQLState())) {
            return words + "; it is a standby, or somebody has made it read-only";
        }
        return e.getCause() instanceof UnknownHostException unknown ? "unknown host " + unknown.getMessage() : words;
    }

    /**
     * The first line of the message: the details in the others quote values. Where a value may be in the first, as in
     * "invalid input syntax for type integer: …", it is left out. By the text and not by the driver's own exception, because
     * the driver of a pool in Tomcat may be another class of the same name.
     */
    @Override
    public String reasonIn(SQLException e) {
        if (String.valueOf(e.getSQLState()).startsWith("22")) {
            return "a value does not fit its column";
        }
        String message = String.valueOf(e.getMessage());
        return SEVERITY.matcher(message.lines().findFirst().orElse("")).replaceFirst("");
    }

    @Override
    public SQLException reason(Connection connection, SQLException failure) {
        return failure;
    }
}
