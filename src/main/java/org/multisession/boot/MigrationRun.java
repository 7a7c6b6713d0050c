package org.multisession.boot;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.LoginRules.Registration;
import org.multisession.config.Settings;
import org.multisession.config.SetupRefusedException;
import org.multisession.db.Database;
import org.multisession.db.postgres.PostgresSource;
import org.multisession.migration.Backup;
import org.multisession.migration.Backups;
import org.multisession.migration.Migration;
import org.multisession.migration.Migrator;
import org.multisession.migration.NoBackup;
import org.multisession.migration.Pacing;
import org.multisession.migration.Progress;
import org.multisession.migration.SqliteBackup;
import org.multisession.migration.postgres.PostgresMigrator;
import org.multisession.session.RestingThrottle;
import org.multisession.session.StateDao;
import org.multisession.session.TokenHashing;
import org.multisession.session.TokenHashingDao;

/** Runs the migration as the settings ask for it, at a deploy and from a shell alike. */
public final class MigrationRun {

    private final Settings settings;
    private final Database database;
    private final Migration migration;
    private final LockRetry retry;

    public MigrationRun(Settings settings, Database database, InstantSource clock, LockRetry retry, Progress progress) {
        this(settings, database, clock, retry, progress, Pacing.besideOthers());
    }

    /** One whose work can be stopped half-way, by its pacing. */
    MigrationRun(
            Settings settings,
            Database database,
            InstantSource clock,
            LockRetry retry,
            Progress progress,
            Pacing pacing) {
        this(settings, database, clock, retry, progress, backup(settings, database, clock), pacing);
    }

    private MigrationRun(
            Settings settings,
            Database database,
            InstantSource clock,
            LockRetry retry,
            Progress progress,
            Backup backup,
            Pacing pacing) {
        this.settings = settings;
        this.database = database;
        DeployTrial trial = new DeployTrial(settings, database, clock);
        this.migration = database.source() instanceof PostgresSource
                ? new PostgresMigrator(database, clock, progress, trial, pacing)
                : new Migrator(database, clock, backup, progress, trial, pacing);
        this.retry = retry;
    }

    /** The same on a copy, on which nobody else works and which needs no backup. */
    public static MigrationRun onCopy(
            Settings settings, Database copy, InstantSource clock, LockRetry retry, Progress progress) {
        return new MigrationRun(settings, copy, clock, retry, progress, Backup.NONE, Pacing.alone());
    }

    /** The backup to make before a change, according to the settings. */
    public static Backup backup(Settings settings, Database database, InstantSource clock) {
        return switch (settings.migrationBackup()) {
            case AUTO ->
                database.source()
                        .file()
                        .<Backup>map(file -> new SqliteBackup(database, file, clock))
                        .orElse(Backup.NONE);
            case OFF -> database.source().file().<Backup>map(NoBackup::new).orElse(Backup.NONE);
        };
    }

    /** Looks at the database and says why not, or what is left to do; changes nothing. */
    Migration.Move begin() {
        requireThatUsersCanBeAdded();
        return retry.until(migration::begin);
    }

    /** Does what is left to do. */
    Migration.Outcome finish(Migration.Move move) {
        return keptNewest(retry.until(move::finish));
    }

    /** Migrates, or refuses with the reason. */
    public Migration.Outcome migrate() {
        requireThatUsersCanBeAdded();
        return keptNewest(retry.until(() -> migration.begin().finish()));
    }

    private Migration.Outcome keptNewest(Migration.Outcome outcome) {
        keepNewest(settings, outcome.backup());
        return outcome;
    }

    /** Removes the oldest backups, as many as the settings say, if one has been made. */
    public static void keepNewest(Settings settings, @Nullable Path latest) {
        if (latest != null) {
            settings.database().file().ifPresent(file -> Backups.keepNewest(file, latest, settings.backupsKept()));
        }
    }

    /**
     * Converts the stored tokens to the form of the stage, which a deploy does in the background; returns how many
     * there were.
     */
    public int hashTokens() {
        if (settings.stage().storesPlainTokens()) {
            return 0;
        }
        TokenHashing hashing = new TokenHashing(database, new TokenHashingDao(), new StateDao(), new RestingThrottle());
        return retry.until(hashing::run);
    }

    /** Whether there is so much to do that it is not done in one transaction. */
    public boolean isLarge() {
        return retry.until(sqlite()::isLarge);
    }

    /** The same as a dry run: everything is rolled back. */
    public Migration.Outcome dryRun() {
        requireThatUsersCanBeAdded();
        return retry.until(sqlite()::dryRun);
    }

    private Migrator sqlite() {
        if (migration instanceof Migrator migrator) {
            return migrator;
        }
        throw new SetupRefusedException(List.of("a dry run works on a SQLite file only"));
    }

    private void requireThatUsersCanBeAdded() {
        if (settings.login().registration() != Registration.OPEN) {
            return;
        }
        List<String> unknown = retry.until(migration::unknownColumnsToFill);
        if (!unknown.isEmpty()) {
            throw new SetupRefusedException(List.of("multisession.login.registration = open, but a new row of users"
                    + " needs a value for " + String.join(", ", unknown)
                    + ", which is not known here; give the column a default, or close registration"));
        }
    }
}
