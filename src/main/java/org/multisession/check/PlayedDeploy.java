package org.multisession.check;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.migration.Backup;
import org.multisession.migration.DryRun;
import org.multisession.migration.Held;
import org.multisession.migration.Migration;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.Migrator;
import org.multisession.migration.Pacing;
import org.multisession.migration.Progress;
import org.multisession.migration.Trial;
import org.multisession.session.Stage;

/**
 * Does to a copy of the database what a deploy would do, and tries what people do afterwards, in every stage. What it
 * changes in the copy is what the deploy would make; all else is undone.
 */
final class PlayedDeploy {

    /** This process does nothing else. */
    private static final List<String> MUCH_MEMORY =
            List.of("PRAGMA main.cache_size = -262144", "PRAGMA temp.cache_size = -262144");

    private final Stage stage;
    private final Trials trials;
    private final Duration busyTimeout;
    private final InstantSource clock;
    private final Progress progress;
    private final Findings findings;

    PlayedDeploy(
            Stage stage,
            Trials trials,
            Duration busyTimeout,
            InstantSource clock,
            Progress progress,
            Findings findings) {
        this.stage = stage;
        this.trials = trials;
        this.busyTimeout = busyTimeout;
        this.clock = clock;
        this.progress = progress;
        this.findings = findings;
    }

    /**
     * What came of it.
     *
     * @param longest what held others up longest
     * @param facts what was asked afterwards; null if nothing was
     */
    record Played(Held longest, @Nullable List<Fact> facts) {}

    /**
     * Plays it.
     *
     * @param rehearsal what was there
     * @param question what to ask of the database once it is deployed on
     * @return null if the deploy was refused
     * @throws DatabaseException if the disk of the copy is full or fails
     */
    @Nullable
    Played on(Path copy, DryRun rehearsal, Database.Work<Handle, List<Fact>> question) {
        Database opened = open(copy);
        if (opened == null) {
            return null;
        }
        try (Database database = opened) {
            Held longest = play(database, rehearsal);
            return longest == null
                    ? null
                    : new Played(longest, rehearsal.isInOrderOfIds() ? ask(database, question) : null);
        }
    }

    private @Nullable Database open(Path copy) {
        try {
            SqliteFile file = SqliteFile.claim(copy, false, "check");
            try {
                return Database.open(file, 1, busyTimeout);
            } catch (RuntimeException e) {
                file.close();
                throw e;
            }
        } catch (DatabaseException e) {
            refused(e);
            return null;
        }
    }

    private @Nullable Held play(Database database, DryRun rehearsal) {
        try {
            Trial ofStage = trials.of(stage, database);
            Trial told = (transaction, userColumns) -> tell(ofStage.play(transaction, userColumns));
            boolean unused = database.outsideTransaction(handle -> {
                rehearsal.rememberEnded(handle);
                return true;
            });
            Progress onCopy = (step, done, total) -> progress.at("on the copy: " + step, done, total);
            Migrator migrator = new Migrator(database, clock, Backup.NONE, onCopy, told, Pacing.alone());
            Migration.Outcome outcome = migrator.migrate();
            Set<String> userColumns = outcome.userColumns();
            for (Stage other : Stage.values()) {
                if (other != stage) {
                    tryOut(database, other, userColumns);
                }
            }
            if (!rehearsal.hasSessionsOfTheOldApp() && database.dryRun(UserDeletion::isPreventedBySessions)) {
                findings.add(Fault.USER_DELETION, Row.of("by the foreign key of user_sessions"));
            }
            return outcome.longest();
        } catch (MigrationRefusedException | DatabaseException e) {
            refused(e);
            return null;
        }
    }

    private void refused(RuntimeException e) {
        if (e instanceof DatabaseException failed && failed.kind().isOfTheDisk()) {
            throw failed;
        }
        findings.add(Fault.DEPLOY_REFUSED, Row.of(String.valueOf(e.getMessage())));
    }

    /** What it makes for itself, as a temporary table, is undone. */
    private static List<Fact> ask(Database database, Database.Work<Handle, List<Fact>> question) {
        boolean unused = database.outsideTransaction(handle -> {
            for (String pragma : MUCH_MEMORY) {
                ComposedSql.run(handle, pragma);
            }
            return true;
        });
        return database.dryRun(question);
    }

    private List<String> tell(List<String> concerns) {
        concerns.forEach(concern -> findings.add(Fault.SIGN_IN_OF_SOME, Row.of(concern)));
        return concerns;
    }

    private void tryOut(Database database, Stage other, Set<String> userColumns) {
        Trial trial = trials.of(other, database);
        try {
            database.dryRun((Transaction transaction) -> play(trial, transaction, userColumns));
        } catch (MigrationRefusedException e) {
            findings.add(Fault.OTHER_STAGE, Row.of(String.valueOf(e.getMessage())));
        }
    }

    private static boolean play(Trial trial, Transaction transaction, Set<String> userColumns) throws SQLException {
        trial.play(transaction, userColumns);
        return true;
    }
}
