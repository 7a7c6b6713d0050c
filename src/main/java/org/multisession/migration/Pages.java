package org.multisession.migration;

import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Handle;

/** Questions about every row of a table, asked some rows at a time with rests, so that no writer has to wait for long. */
final class Pages {

    /** How the database is read. */
    @FunctionalInterface
    interface Reader {
        <T> T read(Database.Work<? super Handle, T> work);
    }

    private final Reader database;
    private final LongSupplier nanoTime;
    private final Pacing pacing;
    private final Progress progress;

    Pages(Reader database, LongSupplier nanoTime, Pacing pacing, Progress progress) {
        this.database = database;
        this.nanoTime = nanoTime;
        this.pacing = pacing;
        this.progress = progress;
    }

    /** The sums of the numbers that a question gives for each page: a statement with the condition {@code {range}}. */
    long[] ask(Pass pass, String question, int numbers) {
        long[] sums = new long[numbers];
        long total = total(pass);
        long done = 0;
        Pass.Range range = next(pass, null);
        while (range != null) {
            Pass.Range these = range;
            long start = nanoTime.getAsLong();
            long[] answers =
                    pacing.patiently(() -> database.read(handle -> pass.ask(handle, question, numbers, these)));
            for (int i = 0; i < numbers; i++) {
                sums[i] += answers[i];
            }
            long worked = nanoTime.getAsLong() - start;
            done += these.rows();
            tell(pass, done, total);
            range = next(pass, these.to());
            if (range != null) {
                // After the last page there is nothing to make room for.
                pacing.restAndLearn(worked);
            }
        }
        progress.at(pass.words(), total, total);
        return sums;
    }

    /** Tells how far a pass is; it is not over before all that comes after its last row is done. */
    void tell(Pass pass, long done, long total) {
        progress.at(pass.words(), Math.min(done, Math.max(0, total - 1)), total);
    }

    /** The next page after a row; null if there is none. */
    Pass.@Nullable Range next(Pass pass, Pass.@Nullable Bound after) {
        int rows = pacing.rows();
        return pacing.patiently(() -> database.<Optional<Pass.Range>>read(
                        handle -> Optional.ofNullable(pass.next(handle, after, rows))))
                .orElse(null);
    }

    /** The number of rows. */
    long total(Pass pass) {
        String table = pass.table().split(" ", -1)[0];
        return pacing.patiently(() -> database.read(handle -> Snapshot.rows(handle, table)));
    }
}
