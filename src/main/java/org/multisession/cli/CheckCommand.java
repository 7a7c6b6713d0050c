package org.multisession.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import org.multisession.check.Check;
import org.multisession.check.Format;
import org.multisession.check.Report;
import org.multisession.db.DatabaseException;

/** {@code check}: writes the report on a database, which stays as it is to the last byte. */
public final class CheckCommand {

    static final int SAFE = 0;
    static final int NOT_SAFE = 1;
    static final int COULD_NOT_RUN = 2;

    private final Check check;

    public CheckCommand(Check check) {
        this.check = check;
    }

    /** Writes the report to {@code out}, or to {@code err} why there is none; the result is the exit code. */
    public int run(Path database, Format format, PrintStream out, PrintStream err) {
        Report report;
        try {
            report = check.of(database);
        } catch (DatabaseException e) {
            err.println("The check could not run: " + e.getMessage() + ". Nothing was changed.");
            return COULD_NOT_RUN;
        }
        out.print(format.write(report));
        out.flush();
        return report.isSafe() ? SAFE : NOT_SAFE;
    }
}
