package org.multisession.histories;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.check.Openings;
import org.multisession.copy.CopyReport;
import org.multisession.copy.DatabaseCopy;
import org.multisession.db.Database;
import org.multisession.migration.Progress;
import org.multisession.migration.Uninstall;
import org.multisession.migration.postgres.PostgresDryRun;
import org.multisession.migration.postgres.PostgresUninstaller;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.Rebuilds;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/**
 * Two nodes on one server. What an old app may do there: give out ids by itself, so that the highest one comes again after
 * a delete; have a foreign key, one that cascades, or none; put in a row that is there.
 */
final class PostgresKind implements DatabaseKind {

    private static final String SESSIONS = """
            CREATE TABLE %s (
                id SERIAL PRIMARY KEY, user_id INTEGER NOT NULL%s, auth_token VARCHAR(128) NOT NULL UNIQUE,
                created_at TIMESTAMP DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC'),
                last_seen_at TIMESTAMP DEFAULT (CURRENT_TIMESTAMP AT TIME ZONE 'UTC'));
            """;

    private static final List<String> REFERENCES =
            List.of(" REFERENCES users (id)", " REFERENCES users (id) ON DELETE CASCADE", "");

    private static final String COPY_OF_USERS = """
            CREATE TABLE %s (id INTEGER PRIMARY KEY, phone VARCHAR(20), auth_token VARCHAR(128));
            INSERT INTO %1$s SELECT id, phone, auth_token FROM %s;
            """;

    /** The next id is the one behind the highest, which another row may have had. */
    private static final String COPY_OF_SESSIONS = SESSIONS.formatted("%1$s", "") + """
            INSERT INTO %1$s SELECT id, user_id, auth_token, created_at, last_seen_at FROM %2$s;
            SELECT setval(pg_get_serial_sequence('%1$s', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM %1$s), false);
            """;

    private int number;
    private int copies;
    private Path folder = Path.of("");

    @Override
    public PostgresApp fresh(Path folder, int number) {
        this.number = number;
        this.folder = folder;
        return PostgresApp.makeBy(
                "CREATE TABLE users (id INTEGER PRIMARY KEY, phone VARCHAR(20), auth_token VARCHAR(128))");
    }

    @Override
    public int nodes(OldApp old) {
        return old instanceof PostgresApp ? 2 : 1;
    }

    @Override
    public Set<Step> steps() {
        return EnumSet.complementOf(EnumSet.of(
                Step.BACK_UP,
                Step.RESTORE,
                Step.MOVE_AWAY_AND_BACK,
                Step.DUMP_AND_READ,
                Step.CLOCK_JUMPS,
                Step.CHANGE_JOURNAL,
                Step.REGISTER_HERE));
    }

    @Override
    public OptionalLong verifiedSessions(NewApp app) {
        return OptionalLong.empty();
    }

    @Override
    public Uninstall uninstall(Database database) {
        return new PostgresUninstaller(database);
    }

    @Override
    public Map<String, @Nullable Long> foreseen(OldApp old, Stage stage, SessionRules rules, TestClock clock) {
        return old instanceof SqliteApp file ? Openings.after(file.path(), stage, rules, clock) : Map.of();
    }

    @Override
    public void dryRun(NewApp app) {
        app.database.read(PostgresDryRun::of);
    }

    @Override
    public boolean mendsWhileDeployed() {
        return false;
    }

    @Override
    public void makeSessionsTable(OldApp old) {
        old.run(SESSIONS.formatted("user_sessions", REFERENCES.get(number % REFERENCES.size())));
    }

    @Override
    public boolean hasSessionsTable(OldApp old) {
        return !old.one("SELECT to_regclass('user_sessions')").equals("null");
    }

    @Override
    public long addUser(OldApp old, String phone, @Nullable String token) {
        return Long.parseLong(old.one(
                "INSERT INTO users SELECT coalesce(max(id), 0) + 1, ?, ? FROM users RETURNING id", phone, token));
    }

    @Override
    public void deleteUser(OldApp old, long user) {
        if (old instanceof SqliteApp) {
            old.deleteUser(user);
            return;
        }
        letGoOfSessions(old, user, "c");
        old.run("DELETE FROM users WHERE id = ?", user);
    }

    @Override
    public void renumberUser(OldApp old, long user, long id) {
        letGoOfSessions(old, user, "");
        old.run("UPDATE users SET id = ? WHERE id = ?", id, user);
    }

    /** Where a foreign key is in the way, and not of this kind. */
    private void letGoOfSessions(OldApp old, long user, String unless) {
        boolean isInTheWay = hasSessionsTable(old)
                && !old.all(
                                "SELECT 1 FROM pg_constraint WHERE conrelid = 'user_sessions'::regclass"
                                        + " AND contype = 'f' AND confdeltype <> ?",
                                unless)
                        .isEmpty();
        if (isInTheWay) {
            old.run("DELETE FROM user_sessions WHERE user_id = ?", user);
        }
    }

    @Override
    public void leaveOutSessions(OldApp old, String condition) {
        old.run("CREATE FUNCTION of_the_team() RETURNS trigger LANGUAGE plpgsql AS" + " $$ BEGIN IF " + condition
                + " THEN RETURN NULL; END IF; RETURN NEW; END $$");
        old.run("CREATE TRIGGER of_the_team BEFORE INSERT ON user_sessions"
                + " FOR EACH ROW EXECUTE FUNCTION of_the_team()");
    }

    @Override
    public void dropTheTeamsTrigger(OldApp old) {
        old.run("DROP FUNCTION of_the_team() CASCADE");
    }

    @Override
    public List<String> tidying() {
        return List.of("VACUUM FULL users", "VACUUM FULL user_sessions", "ANALYZE", "REINDEX TABLE user_sessions");
    }

    @Override
    public OldApp another(OldApp old) {
        return old.another();
    }

    @Override
    public void changeJournal(OldApp old) {
        throw new AssertionError("there is none");
    }

    @Override
    public void replaceUser(OldApp old, long user, String phone, String token) {
        old.run("BEGIN");
        deleteUser(old, user);
        old.addUserAs(user, phone, token);
        old.run("COMMIT");
    }

    @Override
    public void putBackARow(OldApp old, long user, String token, boolean replaces) {
        old.run(
                "INSERT INTO user_sessions (user_id, auth_token) VALUES (?, ?) ON CONFLICT (auth_token) DO "
                        + (replaces ? "UPDATE SET user_id = excluded.user_id" : "NOTHING"),
                user,
                token);
    }

    @Override
    public void takeARow(OldApp old, String id, long user, String token, String time) {
        old.run(
                "INSERT INTO user_sessions (id, user_id, auth_token, created_at, last_seen_at) VALUES (?, ?, ?, ?, ?)"
                        + " ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, auth_token = excluded.auth_token,"
                        + " created_at = excluded.created_at, last_seen_at = excluded.last_seen_at",
                Long.parseLong(id),
                user,
                token,
                time,
                time);
    }

    @Override
    public String rebuiltUsers(Rebuilds.Way way) {
        return rebuilt("users", COPY_OF_USERS, way);
    }

    @Override
    public String rebuiltSessions(Rebuilds.Way way) {
        return rebuilt("user_sessions", COPY_OF_SESSIONS, way);
    }

    private static String rebuilt(String table, String copy, Rebuilds.Way way) {
        return switch (way) {
            case BATCH ->
                "BEGIN;\n" + copy.formatted("_alembic_tmp_" + table, table) + "DROP TABLE " + table
                        + " CASCADE;\nALTER TABLE _alembic_tmp_" + table + " RENAME TO " + table + ";\nCOMMIT;";
            case RENAME_FIRST ->
                "BEGIN;\nALTER TABLE " + table + " RENAME TO " + table + "_old;\n"
                        + copy.formatted(table, table + "_old") + "DROP TABLE " + table + "_old CASCADE;\nCOMMIT;";
        };
    }

    @Override
    public String puttingTriggersBack(OldApp old, String table, String rebuild) {
        return ((PostgresApp) old).puttingTriggersBack(table, rebuild);
    }

    @Override
    public Gap gap(OldApp old, String table, boolean isTheFirstWay) {
        return isTheFirstWay
                ? new Gap(
                        "ALTER TABLE " + table + " DISABLE TRIGGER USER",
                        "ALTER TABLE " + table + " ENABLE TRIGGER USER")
                : new Gap(((PostgresApp) old).dropsOfTriggers(table), ((PostgresApp) old).triggers(table));
    }

    @Override
    public boolean renamingTakesForeignKeysAlong() {
        return false;
    }

    @Override
    public void backUp(OldApp old) {
        throw new AssertionError("there are none");
    }

    @Override
    public void restore(OldApp old) {
        throw new AssertionError("there are none");
    }

    @Override
    public OldApp replaced(OldApp old) {
        throw new AssertionError("there are none");
    }

    @Override
    public void moveAway(OldApp old) {
        throw new AssertionError("there are none");
    }

    @Override
    public OldApp standIn(OldApp away) {
        throw new AssertionError("there are none");
    }

    @Override
    public void moveBack(OldApp away) {
        throw new AssertionError("there are none");
    }

    @Override
    public boolean writesWhileAway(OldApp old) {
        throw new AssertionError("there are none");
    }

    @Override
    public OldApp dumpedAndRead(OldApp old) {
        throw new AssertionError("it stays as it is");
    }

    @Override
    public OldApp copiedThere(OldApp old, @Nullable OldApp before, TestClock clock) {
        Path file = before == null ? folder.resolve(copies++ + ".db") : ((SqliteApp) before).path();
        requireSame(new DatabaseCopy(clock, Progress.NONE, false).toSqlite(old.claim(), file));
        return before == null ? SqliteApp.open(file) : before;
    }

    @Override
    public OldApp copiedBack(OldApp there, @Nullable OldApp first, TestClock clock) {
        OldApp back = first == null ? PostgresApp.empty() : first;
        // Where a Tomcat has been since, it is to be said that all of that goes.
        requireSame(new DatabaseCopy(clock, Progress.NONE, first != null)
                .toPostgres(((SqliteApp) there).path(), back.claim()));
        return back;
    }

    private static void requireSame(CopyReport report) {
        assertThat(report.faults()).isEmpty();
        assertThat(report.isSame()).isTrue();
    }

    @Override
    public void cutConnections(OldApp old) {
        ((PostgresApp) old).cutOthers();
    }
}
