package org.multisession.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.logging.Level;
import org.multisession.boot.DeployTrial;
import org.multisession.boot.Sources;
import org.multisession.check.Check;
import org.multisession.check.CheckRules;
import org.multisession.check.Format;
import org.multisession.check.Report;
import org.multisession.check.Trials;
import org.multisession.config.Settings;
import org.multisession.config.Settings.MigrationBackup;
import org.multisession.config.SetupRefusedException;
import org.multisession.db.DatabaseException;
import org.multisession.db.ReadOnly;

/** {@code check}: writes the report on a database, which stays as it is to the last byte. */
final class CheckCommand implements Command {

    /** As long as a deploy waits for a lock. */
    private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(5);

    private static final String FORMAT = "format";
    private static final String FOR = "for";
    private static final String POSTGRESQL = "postgresql";

    @Override
    public String name() {
        return "check";
    }

    @Override
    public String summary() {
        return "report who would stay signed in after a deploy";
    }

    @Override
    public String explanation() {
        return """
                Asks of every token in the database which account the old app opens with it
                and which account Multi-Session would, and reports where the two differ, with
                whatever else is odd: by ids, never by tokens. Reads only, also beside a running
                app and on files that cannot be written. A PostgreSQL database is read in one
                snapshot; no sign-in is tried there, and what may refuse one is named.

                Ends in SAFE or NOT SAFE; the exit code is 0 or 1.

                With --for=postgresql it asks something else: whether PostgreSQL can hold every
                row. What it cannot hold is listed row by row, with what to do.""";
    }

    /** The findings are in the report; the log of the deploy played on the copy is of no interest. */
    @Override
    public Level told() {
        return Level.OFF;
    }

    @Override
    public List<Option> options() {
        return List.of(
                new Option(FORMAT, "text|markdown|json", "the format of the report; text by default"),
                new Option(FOR, POSTGRESQL, "only list what PostgreSQL cannot hold"));
    }

    @Override
    public int run(Call call) {
        if (call.has(FOR)) {
            if (!POSTGRESQL.equals(call.value(FOR)) || call.has(FORMAT)) {
                throw new SetupRefusedException(List.of("--for must be postgresql, without --format"));
            }
            return CopyCommand.findings(call);
        }
        Format format = format(Objects.requireNonNullElse(call.value(FORMAT), "text"));
        Settings settings = call.settings();
        CheckRules rules = new CheckRules(
                settings.stage(),
                settings.asksForCodes(),
                settings.phoneRegion(),
                settings.session(),
                settings.migrationBackup() == MigrationBackup.AUTO);
        Trials trials = (stage, database) ->
                new DeployTrial(settings, stage, database, call.terminal().clock());
        Check check = new Check(rules, trials, BUSY_TIMEOUT, call.terminal().clock(), call.progress());
        return run(
                () -> settings.database().file().map(check::of).orElseGet(() -> onServer(check, settings)),
                format,
                call.terminal().out(),
                call.terminal().err());
    }

    private static Report onServer(Check check, Settings settings) {
        try (ReadOnly server = Sources.readOnly(settings.database(), BUSY_TIMEOUT)) {
            return check.of(server);
        }
    }

    private static Format format(String text) {
        for (Format format : Format.values()) {
            if (format.name().toLowerCase(Locale.ROOT).equals(text)) {
                return format;
            }
        }
        throw new SetupRefusedException(List.of("--format must be text, markdown or json"));
    }

    /** Writes the report to {@code out}, or the reason why there is none to {@code err}; returns the exit code. */
    static int run(Supplier<Report> check, Format format, PrintStream out, PrintStream err) {
        Report report;
        try {
            report = check.get();
        } catch (DatabaseException e) {
            err.println("The check could not run: " + e.getMessage() + ". Nothing was changed.");
            return COULD_NOT_RUN;
        }
        try {
            format.write(report, out);
        } catch (IOException e) {
            // A PrintStream throws nothing; only checkError tells that something was lost.
            throw new UncheckedIOException(e);
        }
        return report.isSafe() ? DONE : NOT_SAFE;
    }
}
