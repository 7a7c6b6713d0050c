package org.multisession.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import org.multisession.migration.Progress;

/** Shows the progress of a long step: a bar on a terminal, a line now and then elsewhere, nothing for a short step. */
final class ProgressDisplay implements Progress {

    /** Fewer rows than this are done before anybody could read the display. */
    private static final long LONG = 50_000;

    private static final int WIDTH = 30;
    private static final int LINES = 4;

    private final PrintStream err;
    private final boolean onTerminal;
    private final InstantSource clock;
    private long shown;
    private String latest = "";
    private Instant since = Instant.EPOCH;
    private long doneBefore;
    private int width;

    ProgressDisplay(PrintStream err, boolean onTerminal, InstantSource clock) {
        this.err = err;
        this.onTerminal = onTerminal;
        this.clock = clock;
    }

    @Override
    public void at(String step, long done, long total) {
        if (total < LONG) {
            return;
        }
        if (!step.equals(latest)) {
            latest = step;
            since = clock.instant();
            doneBefore = done;
        }
        if (onTerminal) {
            showBar(step, done, total);
        } else {
            showLine(step, done, total);
        }
        if (done == total) {
            shown = 0;
            latest = "";
        }
    }

    private void showBar(String step, long done, long total) {
        String filled = "#".repeat((int) (WIDTH * done / total));
        String bar = String.format(Locale.ROOT, "  [%-" + WIDTH + "s] %3d%%  %s", filled, 100 * done / total, step)
                + left(done, total);
        // What was longer before is covered, and cleared at the end, so that the next line of the log stands alone.
        width = Math.max(width, bar.length());
        err.print("\r" + (done == total ? " ".repeat(width) + "\r" : bar + " ".repeat(width - bar.length())));
        if (done == total) {
            width = 0;
        }
        err.flush();
    }

    /** How long this step takes from here, if it goes on as fast; nothing while nobody can tell. */
    private String left(long done, long total) {
        Duration passed = Duration.between(since, clock.instant());
        if (done <= doneBefore || passed.toSeconds() < 2) {
            return "";
        }
        long seconds = passed.toSeconds() * (total - done) / (done - doneBefore);
        return String.format(Locale.ROOT, ", %d:%02d left", seconds / 60, seconds % 60);
    }

    private void showLine(String step, long done, long total) {
        long line = LINES * done / total;
        if (line != shown) {
            shown = line;
            err.println(String.format(Locale.ROOT, "  %s: %,d of %,d", step, done, total));
        }
    }
}
