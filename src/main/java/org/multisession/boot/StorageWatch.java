package org.multisession.boot;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.DatabaseListener;
import org.multisession.db.FailureKind;
import org.multisession.db.StorageException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports when the disk of the database is full or failing, when the database is damaged or must not be written, and
 * when that is over: at once, and now and then while it lasts, however many requests fail by it. Safe for use by many
 * threads.
 */
final class StorageWatch implements DatabaseListener {

    /** Some writes may still find room, so one that succeeds does not mean that it is over. */
    private static final Duration QUIET = Duration.ofSeconds(10);

    private static final Duration REMINDER = Duration.ofMinutes(1);

    private static final String KEPT =
            " Nothing of what failed was kept, all that was acknowledged before is, and whoever is"
                    + " signed in stays so. It goes on by itself, without a restart.";

    private static final Logger log = LoggerFactory.getLogger(StorageWatch.class);

    private final DatabaseListener next;
    private final LongSupplier nanos;

    private volatile @Nullable Trouble trouble;
    private @Nullable Long told;

    /** What failed, and when it last did. */
    private record Trouble(FailureKind kind, long at) {}

    /** @param next is told everything as well */
    StorageWatch(DatabaseListener next, LongSupplier nanos) {
        this.next = next;
        this.nanos = nanos;
    }

    /** For {@code /health}: {@code up}, {@code full}, {@code failing} or {@code read-only}. */
    String state() {
        Trouble now = trouble;
        if (now == null) {
            return "up";
        }
        return switch (now.kind()) {
            case FULL -> "full";
            case ACCESS -> "read-only";
            default -> "failing";
        };
    }

    /** Runs something that writes, if the last writes have failed. */
    void tryAgain(Runnable write) {
        if (trouble != null) {
            write.run();
        }
    }

    @Override
    public void failed(StorageException failure) {
        next.failed(failure);
        note(failure);
    }

    private synchronized void note(StorageException failure) {
        long now = nanos.getAsLong();
        trouble = new Trouble(failure.kind(), now);
        if (told == null || now - told >= REMINDER.toNanos()) {
            told = now;
            log.error(
                    "{}. Until then requests that need it are answered with 503.{} The last that failed: {}",
                    advice(failure.kind()),
                    failure.kind() == FailureKind.DAMAGE ? "" : KEPT,
                    failure.getMessage());
        }
    }

    private static String advice(FailureKind kind) {
        return switch (kind) {
            case FULL -> "The disk of the database is full: make room on it";
            case ACCESS ->
                "The database cannot be opened or written by the account that this program runs as: give it the permission";
            // SQLite says so of a disk that cannot be read, too; a backup would bring back who has signed out.
            case DAMAGE ->
                "The database is damaged, or its disk cannot be read: see what the system's log says of the disk. If that"
                        + " is well, stop whatever uses the database, and put a backup in its place, as docs/operations.md"
                        + " says";
            default -> "The disk of the database cannot be read or written: see what the system's log says of it";
        };
    }

    @Override
    public void committed() {
        next.committed();
        if (trouble != null) {
            noteSuccess();
        }
    }

    private synchronized void noteSuccess() {
        Trouble last = trouble;
        if (last != null && nanos.getAsLong() - last.at() >= QUIET.toNanos()) {
            trouble = null;
            // Or the log would end with this for up to a minute, although it has failed again.
            told = null;
            log.warn("The database can be written again");
        }
    }

    @Override
    public void waitedForWriter(Duration wait) {
        next.waitedForWriter(wait);
    }

    @Override
    public void waitedForLock(Duration wait) {
        next.waitedForLock(wait);
    }

    @Override
    public void gaveUp() {
        next.gaveUp();
    }
}
