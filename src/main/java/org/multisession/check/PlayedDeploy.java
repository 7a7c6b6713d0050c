package org.multisession.check;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Transaction;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.migration.Backup;
import org.multisession.migration.Held;
import org.multisession.migration.MigrationRefusedException;
import org.multisession.migration.Migrator;
import org.multisession.migration.Pacing;
import org.multisession.migration.Progress;
import org.multisession.migration.Trial;
import org.multisession.session.Stage;

/** Does to a copy of the database what a deploy would do, and tries what people do afterwards, in every stage. */
final class PlayedDeploy {

    private final Stage stage;
    private final Trials trials;
    private final Duration busyTimeout;
    private final InstantSource clock;
    private final Findings findings;

    PlayedDeploy(Stage stage, Trials trials, Duration busyTimeout, InstantSource clock, Findings findings) {
        this.stage = stage;
        this.trials = trials;
        this.busyTimeout = busyTimeout;
        this.clock = clock;
        this.findings = findings;
    }

    /**
     * Plays it.
     *
     * @param sessionsAreOurs whether we create the table of sessions
     * @return what held others up longest; null if it was refused
     */
    @Nullable
    Held on(Path copy, boolean sessionsAreOurs) {
        try (SqliteFile file = SqliteFile.claim(copy, false, "check");
                Database database = Database.open(file, 1, busyTimeout)) {
            Trial ofStage = trials.of(stage, database);
            Trial told = (transaction, userColumns) -> tell(ofStage.play(transaction, userColumns));
            Migrator migrator = new Migrator(database, clock, Backup.NONE, Progress.NONE, told, Pacing.alone());
            Migrator.Outcome outcome = migrator.migrate();
            Set<String> userColumns = outcome.userColumns();
            for (Stage other : Stage.values()) {
                if (other != stage) {
                    tryOut(database, other, userColumns);
                }
            }
            if (sessionsAreOurs && database.dryRun(UserDeletion::isPreventedBySessions)) {
                findings.add(Fault.USER_DELETION, Row.of("by the foreign key of user_sessions"));
            }
            return outcome.longest();
        } catch (MigrationRefusedException | DatabaseException e) {
            findings.add(Fault.DEPLOY_REFUSED, Row.of(String.valueOf(e.getMessage())));
            return null;
        }
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
