package org.multisession.faults;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.multisession.copy.DatabaseCopy;
import org.multisession.db.postgres.PostgresServer;
import org.multisession.migration.Progress;
import org.multisession.testing.ChildJvm;

/**
 * A copy in a process of its own that waits for its death at a certain report of its progress, then having said {@code
 * here}; or that says how many reports there were, if there are no more than that.
 */
public final class CopyUpTo {

    private CopyUpTo() {}

    /** The arguments are the file, the URL of the server, which of the two is the target, and the number of the report. */
    public static void main(String[] arguments) {
        Logger.getLogger("org.multisession").setLevel(Level.WARNING);
        Path file = Path.of(arguments[0]);
        PostgresServer server = PostgresServer.at(arguments[1], "postgres", "");
        int fatal = Integer.parseInt(arguments[3]);
        AtomicInteger reports = new AtomicInteger();
        Progress progress = (step, done, total) -> {
            // What follows the commit depends on whether anybody has written meanwhile, be it the server itself.
            if (!step.startsWith("looking") && reports.incrementAndGet() == fatal) {
                ChildJvm.waitForDeath("here");
            }
        };
        DatabaseCopy copy = new DatabaseCopy(InstantSource.system(), progress, true);
        if (arguments[2].equals("server")) {
            copy.toPostgres(file, server);
        } else {
            copy.toSqlite(server, file);
        }
        System.out.println(reports.get());
    }
}
