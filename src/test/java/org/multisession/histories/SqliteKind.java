package org.multisession.histories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.check.Openings;
import org.multisession.db.Database;
import org.multisession.migration.Backup;
import org.multisession.migration.Progress;
import org.multisession.migration.Uninstall;
import org.multisession.migration.Uninstaller;
import org.multisession.migration.Verification;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.Rebuilds;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

final class SqliteKind implements DatabaseKind {

    @Override
    public SqliteApp fresh(Path folder, int number) {
        SqliteApp old = SqliteApp.open(folder.resolve(number + ".db"));
        // The order of the rows in a table without AUTOINCREMENT: the highest id is given out again after a delete.
        old.run(
                "CREATE TABLE users (id INTEGER NOT NULL, phone VARCHAR(20), auth_token VARCHAR(128), PRIMARY KEY (id))");
        return old;
    }

    @Override
    public int nodes(OldApp old) {
        return 1;
    }

    @Override
    public Set<Step> steps() {
        return EnumSet.complementOf(EnumSet.of(
                Step.TRUNCATE_SESSIONS,
                Step.RESTART_A_NODE,
                Step.CUT_ALL_CONNECTIONS,
                // From there and back again, in the histories that begin on a server.
                Step.COPY_THERE_AND_BACK));
    }

    @Override
    public OptionalLong verifiedSessions(NewApp app) {
        return OptionalLong.of(Verification.sessions(app.database));
    }

    @Override
    public Uninstall uninstall(Database database) {
        return new Uninstaller(database, Backup.NONE, Progress.NONE);
    }

    @Override
    public Map<String, @Nullable Long> foreseen(OldApp old, Stage stage, SessionRules rules, TestClock clock) {
        return Openings.after(((SqliteApp) old).path(), stage, rules, clock);
    }

    @Override
    public void dryRun(NewApp app) {
        app.migrator.dryRun();
    }

    @Override
    public boolean mendsWhileDeployed() {
        return true;
    }

    @Override
    public void makeSessionsTable(OldApp old) {
        old.run("""
                CREATE TABLE user_sessions (
                    id INTEGER NOT NULL, user_id INTEGER NOT NULL, auth_token VARCHAR(128) NOT NULL,
                    created_at DATETIME DEFAULT (CURRENT_TIMESTAMP),
                    last_seen_at DATETIME DEFAULT (CURRENT_TIMESTAMP),
                    PRIMARY KEY (id), FOREIGN KEY(user_id) REFERENCES users (id), UNIQUE (auth_token))
                """);
    }

    @Override
    public boolean hasSessionsTable(OldApp old) {
        return !old.all("SELECT 1 FROM sqlite_master WHERE name = 'user_sessions'")
                .isEmpty();
    }

    @Override
    public long addUser(OldApp old, String phone, @Nullable String token) {
        return old.addUser(phone, token);
    }

    @Override
    public void deleteUser(OldApp old, long user) {
        old.deleteUser(user);
    }

    @Override
    public void renumberUser(OldApp old, long user, long id) {
        old.run("UPDATE users SET id = ? WHERE id = ?", id, user);
    }

    @Override
    public void leaveOutSessions(OldApp old, String condition) {
        old.run("CREATE TRIGGER of_the_team BEFORE INSERT ON user_sessions WHEN " + condition
                + " BEGIN SELECT RAISE(IGNORE); END");
    }

    @Override
    public void dropTheTeamsTrigger(OldApp old) {
        old.run("DROP TRIGGER of_the_team");
    }

    @Override
    public List<String> tidying() {
        return List.of("VACUUM", "REINDEX", "ANALYZE", "PRAGMA incremental_vacuum", "PRAGMA optimize");
    }

    /** To which it is not the main one. */
    @Override
    public OldApp another(OldApp old) {
        return ((SqliteApp) old).attached();
    }

    @Override
    public void changeJournal(OldApp old) {
        String other = old.one("PRAGMA journal_mode").equals("wal") ? "delete" : "wal";
        old.run("PRAGMA busy_timeout = 0");
        try {
            old.run("PRAGMA journal_mode = " + other);
        } catch (AssertionError e) {
            // From a write-ahead log SQLite goes back only if nobody else has the file open.
            assertThat(e.getCause()).hasMessageContaining("SQLITE_BUSY");
        }
        old.run("PRAGMA busy_timeout = 5000");
    }

    @Override
    public void replaceUser(OldApp old, long user, String phone, String token) {
        old.run("INSERT OR REPLACE INTO users (id, phone, auth_token) VALUES (?, ?, ?)", user, phone, token);
    }

    @Override
    public void putBackARow(OldApp old, long user, String token, boolean replaces) {
        old.run(
                "INSERT OR " + (replaces ? "REPLACE" : "IGNORE")
                        + " INTO user_sessions (user_id, auth_token) VALUES (?, ?)",
                user,
                token);
    }

    @Override
    public void takeARow(OldApp old, String id, long user, String token, String time) {
        old.run(
                "INSERT OR REPLACE INTO user_sessions (id, user_id, auth_token, created_at, last_seen_at)"
                        + " VALUES (?1, ?2, ?3, ?4, ?4)",
                id,
                user,
                token,
                time);
    }

    @Override
    public String rebuiltUsers(Rebuilds.Way way) {
        return Rebuilds.narrowUsers(way);
    }

    @Override
    public String rebuiltSessions(Rebuilds.Way way) {
        return Rebuilds.narrowSessions(way);
    }

    @Override
    public String puttingTriggersBack(OldApp old, String table, String rebuild) {
        return Rebuilds.puttingTriggersBack((SqliteApp) old, table, rebuild);
    }

    /** There is one. */
    @Override
    public Gap gap(OldApp old, String table, boolean isTheFirstWay) {
        return new Gap(Rebuilds.dropsOfTriggers((SqliteApp) old, table), Rebuilds.triggers((SqliteApp) old, table));
    }

    @Override
    public boolean renamingTakesForeignKeysAlong() {
        return true;
    }

    @Override
    public void backUp(OldApp old) {
        old.run("backup to '" + backup(old) + "'");
    }

    @Override
    public void restore(OldApp old) {
        old.run("restore from '" + backup(old) + "'");
    }

    @Override
    public OldApp replaced(OldApp old) {
        return ((SqliteApp) old).replacedBy(backup(old));
    }

    @Override
    public void moveAway(OldApp old) {
        ((SqliteApp) old).moveAway();
    }

    @Override
    public OldApp standIn(OldApp away) {
        Path path = ((SqliteApp) away).path();
        try {
            Files.copy(backup(away), path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return SqliteApp.open(path);
    }

    @Override
    public void moveBack(OldApp away) {
        ((SqliteApp) away).moveBack();
    }

    /** SQLite begins no rollback journal beside a path that leads elsewhere. */
    @Override
    public boolean writesWhileAway(OldApp old) {
        return old.one("PRAGMA journal_mode").equals("wal");
    }

    private static Path backup(OldApp old) {
        return Path.of(((SqliteApp) old).path() + ".backup");
    }

    @Override
    public OldApp dumpedAndRead(OldApp old) {
        return ((SqliteApp) old).dumpedAndRead();
    }

    @Override
    public OldApp copiedThere(OldApp old, @Nullable OldApp before, TestClock clock) {
        throw new AssertionError("it stays here");
    }

    @Override
    public OldApp copiedBack(OldApp there, @Nullable OldApp first, TestClock clock) {
        throw new AssertionError("it stays here");
    }

    @Override
    public void cutConnections(OldApp old) {
        throw new AssertionError("there are none");
    }
}
