package org.multisession.migration;

/** Reports progress every so many rows. */
public record Step(Progress progress, String name, long total) {

    private static final int INTERVAL = 5_000;

    public void at(long rows) {
        if (rows % INTERVAL == 0 && rows < total) {
            progress.at(name, rows, total);
        }
    }

    public void end() {
        progress.at(name, total, total);
    }
}
