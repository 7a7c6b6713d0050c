package org.multisession.boot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.multisession.config.SetupRefusedException;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.metrics.Meters;
import org.multisession.migration.MigrationRefusedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks the database file once a second: whether another file is in its place, whether another program in this JVM has
 * it open, and whether somebody has removed its write-ahead log.
 *
 * <p>A file that was put in the place of the open one is opened and migrated as at a deploy before anything is answered
 * from it. Until then, and for as long as it is refused, {@link Database} answers nothing. One thread runs this; what
 * it reports may be read by any.
 */
final class DatabaseWatch implements Runnable, Meters.FileWatch {

    private static final Logger log = LoggerFactory.getLogger(DatabaseWatch.class);

    /** How many checks pass between two attempts at a file that was refused. */
    private static final int RESTS = 10;

    private final Database database;
    private final Path named;
    private final String owner;
    private final Consumer<Database> deployChecks;

    private long sizeBefore = -1;
    private int rests;
    private @Nullable String refusal;
    private boolean wasReplaced;
    private boolean isLogLost;
    private final AtomicLong replacements = new AtomicLong();
    private volatile int foreignDescriptors;

    /**
     * @param named the path of the settings
     * @param owner the name of this application, for a message to the next one that claims the file
     * @param deployChecks brings a database to where a deploy brings it, or throws
     */
    DatabaseWatch(Database database, Path named, String owner, Consumer<Database> deployChecks) {
        this.database = database;
        this.named = named;
        this.owner = owner;
        this.deployChecks = deployChecks;
    }

    @Override
    public void run() {
        boolean isReplaced = database.isReplaced();
        if (isReplaced && !wasReplaced) {
            replacements.incrementAndGet();
        }
        wasReplaced = isReplaced;
        if (isReplaced) {
            lookAtSuccessor();
        } else {
            database.noteLog();
            lookForForeignDescriptors();
            lookForLostLog();
        }
    }

    /** SQLite does not notice: whoever opens the database later sees none of what is committed from then on. */
    private void lookForLostLog() {
        boolean isLost = database.hasLostLog();
        if (isLost && !isLogLost) {
            log.error(
                    "Somebody has removed {}-wal or -shm while the database is open. Programs that open it from now on and"
                            + " those that have it open no longer see each other's writes, and damage it. Stop all that use"
                            + " it, and start them again. What is committed here is written into the database itself every"
                            + " second until then",
                    named);
        }
        isLogLost = isLost;
        if (isLost) {
            database.saveWithoutLog();
        }
    }

    private void lookAtSuccessor() {
        if (rests > 0) {
            rests--;
        } else if (isCopiedWhole()) {
            moveOver();
        }
    }

    /** Whether the file has stopped growing since the last check. */
    private boolean isCopiedWhole() {
        long size = -1;
        try {
            size = Files.size(named);
        } catch (IOException e) {
            refuse("there is no file that can be read");
        }
        boolean whole = size >= 0 && size == sizeBefore;
        sizeBefore = size;
        return whole;
    }

    private void moveOver() {
        sizeBefore = -1;
        try {
            Database successor = database.openSuccessor(owner);
            try {
                deployChecks.accept(successor);
            } catch (RuntimeException | Error e) {
                giveUp(successor);
                throw e;
            }
            database.continueOn(successor);
            refusal = null;
            log.warn("{}: the file in its place has been checked as at a deploy, and is now served", named);
        } catch (DatabaseException | MigrationRefusedException | SetupRefusedException e) {
            rests = RESTS;
            refuse(String.valueOf(e.getMessage()));
        }
    }

    private void giveUp(Database successor) {
        if (successor.isReplaced()) {
            // A third file. The log of this one is beside it now, and has to be recognized.
            database.continueOn(successor);
        } else {
            successor.close();
        }
    }

    private void refuse(String reason) {
        if (!Objects.equals(refusal, reason)) {
            refusal = reason;
            log.error(
                    "{} was replaced while it was open, and the file in its place cannot be served: {}. Every request is"
                            + " answered with 503 until this is fixed; the file is checked again automatically",
                    named,
                    reason);
        }
    }

    private void lookForForeignDescriptors() {
        int before = foreignDescriptors;
        int now = database.foreignDescriptors();
        foreignDescriptors = now;
        if (now > 0 && before == 0) {
            log.error(
                    "Somebody else in this JVM has {} open as well, most likely another web application with a SQLite"
                            + " driver of its own. Two copies of SQLite in one process damage the database and lose"
                            + " sign-ins. Undeploy the other, run it as a process of its own, or let both share one driver as"
                            + " docs/files.md shows",
                    named);
        } else if (now == 0 && before > 0) {
            log.info("Nobody else in this JVM has {} open any more", named);
        }
    }

    /** Whether somebody else in this JVM had the file open at the last check. */
    boolean isSharedInJvm() {
        return foreignDescriptors > 0;
    }

    @Override
    public long replacements() {
        return replacements.get();
    }

    @Override
    public int foreignDescriptors() {
        return foreignDescriptors;
    }
}
