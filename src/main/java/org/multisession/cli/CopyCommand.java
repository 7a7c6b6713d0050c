package org.multisession.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.multisession.boot.Sources;
import org.multisession.config.DatabaseLocation;
import org.multisession.config.SetupRefusedException;
import org.multisession.copy.CopyReport;
import org.multisession.copy.DatabaseCopy;
import org.multisession.copy.RowFault;

/** Carries a whole database from SQLite to PostgreSQL, or back. */
final class CopyCommand implements Command {

    private static final String TO = "to";
    private static final String USER = "to.user";
    private static final String PASSWORD_FILE = "to.password-file";
    private static final String PASSWORD_VARIABLE = "MULTISESSION_TO_PASSWORD";
    private static final String DRY_RUN = "dry-run";
    private static final String OVERWRITE = "overwrite";

    private static final String POSTGRES = "jdbc:postgresql:";
    private static final Pattern WITH_PASSWORD = Pattern.compile("[?&]password=|//[^/@]*:[^/@]*@");

    /** A million rows are sorted, and an index is made, without a word in between. */
    private static final String PATIENCE = "socketTimeout=86400";

    private static final int SHOWN_FAULTS = 50;

    @Override
    public String name() {
        return "copy";
    }

    @Override
    public String summary() {
        return "carry a database from SQLite to PostgreSQL, or back";
    }

    @Override
    public String explanation() {
        return """
                Carries every table, the team's and ours, with its ids, so that everybody stays
                signed in: to PostgreSQL with --to=jdbc:postgresql://HOST/DATABASE, and back to
                a file with --to=FILE. Tables that are missing there are made. The app may go on
                meanwhile: the source is read as it was at one moment, and nothing is written
                to it.

                In the target everything happens in one transaction, and is compared row by
                row before it is committed: a copy that was stopped has changed nothing. Run
                again, it compares every row and carries only what has changed since. To move
                over: copy; undeploy the WAR and stop the old app; copy once more; deploy with
                the new multisession.db.url.

                What PostgreSQL cannot hold (text in a column of numbers, a NUL character, a row
                that belongs to a user who is gone) is listed row by row, and then nothing is
                carried; --dry-run lists it without a target, as does check --for=postgresql.

                The password of --to.user is read from --to.password-file, or from the
                environment variable MULTISESSION_TO_PASSWORD.

                Exit codes: 0 both are the same, 1 rows differ or were refused, 2 could not run.""";
    }

    @Override
    public String kept() {
        return "no row of the target was changed";
    }

    @Override
    public List<Option> options() {
        return List.of(
                new Option(TO, "URL|FILE", "where to"),
                new Option(USER, "NAME", "the account there"),
                new Option(PASSWORD_FILE, "FILE", "a file with its password"),
                new Option(DRY_RUN, "", "only list what PostgreSQL cannot hold"),
                new Option(OVERWRITE, "", "even if a Tomcat has used it since the latest copy"));
    }

    @Override
    public Set<String> secrets() {
        return Set.of(PASSWORD_VARIABLE);
    }

    @Override
    public int run(Call call) {
        DatabaseCopy copy = new DatabaseCopy(call.terminal().clock(), call.progress(), call.has(OVERWRITE));
        if (call.has(DRY_RUN)) {
            return findings(call);
        }
        String to = target(call);
        if (to.startsWith(POSTGRES)) {
            DatabaseLocation.PostgresUrl target =
                    new DatabaseLocation.PostgresUrl(patient(to), call.value(USER), password(call));
            return tell(call, copy.toPostgres(call.databaseFile(), Sources.claim(target, false, name())));
        }
        if (!(call.settings().database() instanceof DatabaseLocation.PostgresUrl source)) {
            throw refusal(
                    "between two SQLite files nothing has to be converted: stop what uses the file, and copy it as it is");
        }
        DatabaseLocation patient =
                new DatabaseLocation.PostgresUrl(patient(source.url()), source.user(), source.password());
        return tell(
                call,
                copy.toSqlite(
                        Sources.claim(patient, false, name()),
                        Path.of(to.startsWith("jdbc:sqlite:") ? to.substring("jdbc:sqlite:".length()) : to)
                                .toAbsolutePath()));
    }

    private static String target(Call call) {
        String to = call.value(TO);
        if (to == null) {
            throw refusal(
                    "no target was named; give --to=jdbc:postgresql://HOST/DATABASE, or --to=FILE for the way back");
        }
        if (WITH_PASSWORD.matcher(to).find()) {
            throw refusal("a password in --to would show in the list of this machine's processes; set "
                    + PASSWORD_VARIABLE + " instead, or give --to.password-file=FILE");
        }
        if (!to.startsWith(POSTGRES)
                && (to.contains("://") || (to.startsWith("jdbc:") && !to.startsWith("jdbc:sqlite:")))) {
            throw refusal("--to must be jdbc:postgresql://HOST/DATABASE, or the path of a SQLite file");
        }
        return to;
    }

    private static @Nullable String password(Call call) {
        String file = call.value(PASSWORD_FILE);
        if (file == null) {
            return call.terminal().environment().get(PASSWORD_VARIABLE);
        }
        try {
            return Files.readString(Path.of(file)).lines().findFirst().orElse("");
        } catch (IOException e) {
            throw refusal("--to.password-file " + file + " could not be read (" + e + ")");
        }
    }

    private static String patient(String url) {
        return url + (url.contains("?") ? "&" : "?") + PATIENCE;
    }

    private static SetupRefusedException refusal(String fault) {
        return new SetupRefusedException(List.of(fault));
    }

    /** Lists what PostgreSQL cannot hold of a SQLite file; changes nothing. */
    static int findings(Call call) {
        CopyReport report =
                new DatabaseCopy(call.terminal().clock(), call.progress(), false).findings(call.databaseFile());
        tellNotes(call, report);
        if (report.faultCount() == 0) {
            call.say("PostgreSQL can hold every row of this database.");
            return DONE;
        }
        tellFaults(call, report);
        return NOT_SAFE;
    }

    private static int tell(Call call, CopyReport report) {
        tellNotes(call, report);
        if (report.faultCount() > 0) {
            tellFaults(call, report);
            call.say("Nothing was carried.");
            return NOT_SAFE;
        }
        table(report).forEach(call::say);
        call.say("");
        call.say("Verified: " + Plurals.counted(report.tables().size(), "table") + " and every row of "
                + (report.tables().size() == 1 ? "it" : "them") + " are the same.");
        if (report.movedOn() > 0) {
            call.say("Meanwhile others have changed the source: " + Plurals.counted(report.movedOn(), "row")
                    + " of it will be carried by the next run. The last one, once nothing writes there any more,"
                    + " leaves none.");
            return NOT_SAFE;
        }
        return DONE;
    }

    private static List<String> table(CopyReport report) {
        int width = report.tables().stream()
                .mapToInt(table -> table.name().length())
                .max()
                .orElse(5);
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "%-" + width + "s %12s %12s %9s %9s %8s",
                "table",
                "rows",
                "carried",
                "updated",
                "deleted",
                "seconds"));
        for (CopyReport.Table table : report.tables()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%-" + width + "s %,12d %,12d %,9d %,9d %8.1f",
                    table.name(),
                    table.rows(),
                    table.carried(),
                    table.updated(),
                    table.deleted(),
                    table.took().toMillis() / 1000.0));
        }
        return lines;
    }

    private static void tellNotes(Call call, CopyReport report) {
        report.notes().forEach(note -> call.terminal().err().println("Note: " + note + "."));
    }

    private static void tellFaults(Call call, CopyReport report) {
        call.say("What PostgreSQL cannot hold, " + Plurals.counted(report.faultCount(), "finding") + ":");
        List<RowFault> shown = report.faults()
                .subList(0, Math.min(SHOWN_FAULTS, report.faults().size()));
        for (RowFault fault : shown) {
            call.say("  " + fault.table() + ", " + fault.row() + ": "
                    + (fault.column().isEmpty() ? "it " : fault.column() + " ") + fault.why() + ". What to do: "
                    + fault.remedy() + ".");
        }
        if (report.faultCount() > shown.size()) {
            call.say("  and " + String.format(Locale.ROOT, "%,d", report.faultCount() - shown.size()) + " more");
        }
    }
}
