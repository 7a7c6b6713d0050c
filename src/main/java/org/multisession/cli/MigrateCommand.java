package org.multisession.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.multisession.boot.MigrationRun;
import org.multisession.boot.Sources;
import org.multisession.config.Settings.MigrationBackup;
import org.multisession.db.DatabaseException;
import org.multisession.db.ReadOnly;
import org.multisession.db.sqlite.ReadOnlyDatabase;
import org.multisession.db.sqlite.ScratchCopy;
import org.multisession.migration.Held;
import org.multisession.migration.Migration;
import org.multisession.migration.postgres.PostgresDryRun;

/** What a deploy does to the database, without a Tomcat. */
final class MigrateCommand implements Command {

    private static final String DRY_RUN = "dry-run";

    /** As at a deploy. */
    private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(5);

    private final LongSupplier nanoTime;

    MigrateCommand() {
        this(System::nanoTime);
    }

    /** @param nanoTime by which a dry run measures the copy */
    MigrateCommand(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    @Override
    public String name() {
        return "migrate";
    }

    @Override
    public String summary() {
        return "prepare a database for many sessions, as a deploy does";
    }

    @Override
    public String explanation() {
        return """
                Adds what Multi-Session needs to the database of the old app: tables, indexes
                and triggers. Up to 20,000 users and sessions it works in one transaction, and
                verifies before it commits that every row of users is as before and that every
                token opens the same account. A larger database is migrated in small steps, so
                that others can go on using it; nothing counts before the last one. What can be
                refused is refused before the first, and then nothing was changed.

                An existing database is copied first, into its own folder, as
                NAME.backup-DATE-TIME.db (off with --migration.backup=off; the latest three are
                kept, see --migration.backup-keep). A dry run also says how long other programs
                would have to wait at most; that of a large database happens on a copy. On a
                PostgreSQL server there is no copy (use pg_dump), the work goes in small steps
                at any size, and a dry run only reads: it says what would be made, or why not.
                A second run finds that nothing is to be done. The old app may go on running.""";
    }

    /** Steps of a large migration may be done; they count for nothing before the last one. */
    @Override
    public String kept() {
        return "the old app goes on as before";
    }

    @Override
    public List<Option> options() {
        return List.of(new Option(DRY_RUN, "", "tell what it would do: nothing is changed"));
    }

    @Override
    public int run(Call call) {
        return call.has(DRY_RUN) ? dryRun(call) : migrate(call);
    }

    private static int migrate(Call call) {
        try (DatabaseSession open = DatabaseSession.open(
                call.settings(),
                call.settings().createDatabase(),
                call.terminal().clock())) {
            MigrationRun run = run(call, open);
            Migration.Outcome outcome = run.migrate();
            if (outcome.made().isEmpty()) {
                call.say("Nothing to do: the database is already migrated.");
                return hashTokens(call, run);
            }
            call.say("Migrated: " + Plurals.counted(outcome.made().size(), "object")
                    + " created, and nothing else changed.");
            if (outcome.backup() != null) {
                call.say("The database as it was before is in " + outcome.backup());
            }
            call.say("To go back, undeploy the WAR; 'uninstall' removes what was created.");
            return hashTokens(call, run);
        }
    }

    private static int hashTokens(Call call, MigrationRun run) {
        if (call.settings().stage().storesPlainTokens()) {
            return DONE;
        }
        try {
            call.say(Plurals.counted(run.hashTokens(), "token")
                    + " replaced with hashes; nobody is signed out by it. The old app can no longer read them.");
            return DONE;
        } catch (DatabaseException e) {
            call.terminal()
                    .err()
                    .println("multi-session: some tokens could not be replaced with hashes: " + e.getMessage()
                            + ". Every session lives on. Run it again to continue.");
            return COULD_NOT_RUN;
        }
    }

    private int dryRun(Call call) {
        if (call.settings().database().file().isEmpty()) {
            return dryRunOnServer(call);
        }
        if (call.settings().createDatabase() && !Files.exists(call.databaseFile())) {
            call.say("There is no file " + call.databaseFile() + ". 'migrate' would make a new database there;"
                    + " a dry run makes none.");
            return DONE;
        }
        Migration.Outcome rolledBack = null;
        try (DatabaseSession open = DatabaseSession.open(call)) {
            MigrationRun run = run(call, open);
            if (!run.isLarge()) {
                call.terminal()
                        .err()
                        .println("Dry run: all of it happens in one transaction, which is then rolled back");
                rolledBack = run.dryRun();
            }
        }
        if (rolledBack != null) {
            long copied = rolledBack.made().isEmpty() ? 0 : copying(call);
            return tell(call, rolledBack, "was rolled back", copied);
        }
        call.terminal().err().println("Dry run: the database is large, so all of it happens on a copy");
        try (ReadOnlyDatabase original = ReadOnlyDatabase.open(call.databaseFile(), BUSY_TIMEOUT);
                ScratchCopy copy = ScratchCopy.of(original, nanoTime)) {
            Migration.Outcome outcome = copy.use(path -> migrate(call, path));
            return tell(call, outcome, "happened on a copy", makesBackup(call) ? copy.held() : 0);
        }
    }

    private static Migration.Outcome migrate(Call call, Path copy) {
        try (DatabaseSession open =
                DatabaseSession.open(copy, false, call.terminal().clock())) {
            return MigrationRun.onCopy(
                            call.settings(), open.database(), call.terminal().clock(), open.retry(), call.progress())
                    .migrate();
        }
    }

    private static boolean makesBackup(Call call) {
        return call.settings().migrationBackup() == MigrationBackup.AUTO;
    }

    /** A database with few users may be a large file all the same. Nobody waits for the copy beside a write-ahead log. */
    private long copying(Call call) {
        if (!makesBackup(call)) {
            return 0;
        }
        try (ReadOnlyDatabase original = ReadOnlyDatabase.open(call.databaseFile(), BUSY_TIMEOUT)) {
            if (original.hasWriteAheadLog()) {
                return 0;
            }
            try (ScratchCopy copy = ScratchCopy.of(original, nanoTime)) {
                return copy.held();
            }
        }
    }

    private static int dryRunOnServer(Call call) {
        PostgresDryRun found;
        try (ReadOnly server = Sources.readOnly(call.settings().database(), BUSY_TIMEOUT)) {
            found = server.snapshot(PostgresDryRun::of);
        }
        tellOfHashes(call);
        if (found.toBeMade().isEmpty()) {
            call.say("Nothing to do: the database is already migrated.");
            return DONE;
        }
        call.say("Dry run: the database was only read; nothing was locked or tried. 'migrate' would create "
                + Plurals.counted(found.toBeMade().size(), "object") + ":");
        call.say(Plurals.listed(found.toBeMade()));
        call.say("It would note " + Plurals.counted(found.users(), "user") + " and "
                + Plurals.counted(found.sessions(), "session")
                + ", some rows at a time, and wait for a lock on their tables for half a second at most before it"
                + " lets others pass.");
        return DONE;
    }

    private static void tellOfHashes(Call call) {
        if (!call.settings().stage().storesPlainTokens()) {
            call.say("In this stage 'migrate' also replaces the tokens of all sessions by hashes, for good; that is not"
                    + " rehearsed.");
        }
    }

    /** @param copied how long others had to wait for a copy, as a migration makes one as well, in nanoseconds */
    private static int tell(Call call, Migration.Outcome outcome, String how, long copied) {
        tellOfHashes(call);
        if (outcome.made().isEmpty()) {
            call.say("Nothing to do: the database is already migrated.");
            return DONE;
        }
        call.say("Dry run: it worked and " + how + "; the database is as it was. 'migrate' would create "
                + Plurals.counted(outcome.made().size(), "object") + ":");
        call.say(Plurals.listed(outcome.made()));
        call.say("Longest wait of other programs meanwhile: "
                + Held.byCopy(copied).orLonger(outcome.longest()).predicted());
        return DONE;
    }

    private static MigrationRun run(Call call, DatabaseSession open) {
        return new MigrationRun(
                call.settings(), open.database(), call.terminal().clock(), open.retry(), call.progress());
    }
}
