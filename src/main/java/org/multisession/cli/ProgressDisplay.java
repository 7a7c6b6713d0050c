package org.multisession.cli;

import java.io.PrintStream;
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
    private long shown;

    ProgressDisplay(PrintStream err, boolean onTerminal) {
        this.err = err;
        this.onTerminal = onTerminal;
    }

    @Override
    public void at(String step, long done, long total) {
        if (total < LONG) {
            return;
        }
        if (onTerminal) {
            showBar(step, done, total);
        } else {
            showLine(step, done, total);
        }
        if (done == total) {
            shown = 0;
        }
    }

    private void showBar(String step, long done, long total) {
        String filled = "#".repeat((int) (WIDTH * done / total));
        String bar = String.format(Locale.ROOT, "  [%-" + WIDTH + "s] %3d%%  %s", filled, 100 * done / total, step);
        // Cleared at the end, so that the next line of the log stands alone.
        err.print("\r" + (done == total ? " ".repeat(bar.length()) + "\r" : bar));
        err.flush();
    }

    private void showLine(String step, long done, long total) {
        long line = LINES * done / total;
        if (line != shown) {
            shown = line;
            err.println(String.format(Locale.ROOT, "  %s: %,d of %,d", step, done, total));
        }
    }
}
