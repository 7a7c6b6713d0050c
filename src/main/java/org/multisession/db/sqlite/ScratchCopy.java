package org.multisession.db.sqlite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.multisession.db.ComposedSql;
import org.multisession.db.DatabaseException;
import org.multisession.db.FailureKind;

/**
 * A page-by-page snapshot of a database in the temp directory, on which anything may be tried. Only this account can
 * read it, and it is deleted when it is closed or the process stops.
 */
public final class ScratchCopy implements AutoCloseable {

    private final Path folder;
    private final Thread atExit;

    /** In nanoseconds. */
    private long held;

    private ScratchCopy(Path folder) {
        this.folder = folder;
        this.atExit = new Thread(() -> NativeLibrary.remove(folder), "multi-session-scratch-copy");
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /**
     * Copies a database that is only read. The original is locked against writers while it is copied, and not
     * afterwards.
     *
     * @param nanoTime by which {@link #held} is measured
     * @throws DatabaseException if it cannot be read, or if there is too little space for the copy
     */
    public static ScratchCopy of(ReadOnlyDatabase original, LongSupplier nanoTime) {
        ScratchCopy copy;
        try {
            copy = new ScratchCopy(Files.createTempDirectory("multi-session-scratch-"));
        } catch (IOException e) {
            throw noRoom(original, e.toString(), e);
        }
        try {
            copy.requireSpace(original);
            boolean hasLog = original.hasWriteAheadLog();
            if (!hasLog) {
                copy.makeRoom(original);
            }
            copy.held = original.snapshot(handle -> {
                // The copy shows the moment of the first read.
                long unused = ComposedSql.number(handle, "SELECT count(*) FROM sqlite_master");
                long start = nanoTime.getAsLong();
                if (hasLog) {
                    PageCopy.into(handle, copy.path());
                } else {
                    PageCopy.quicklyInto(handle, copy.path());
                }
                return hasLog ? 0 : nanoTime.getAsLong() - start;
            });
            return copy;
        } catch (RuntimeException e) {
            copy.close();
            throw e;
        }
    }

    /**
     * A place for a copy that the caller fills.
     *
     * @throws DatabaseException if there is no temp directory
     */
    public static ScratchCopy empty() {
        try {
            return new ScratchCopy(Files.createTempDirectory("multi-session-scratch-"));
        } catch (IOException e) {
            throw new DatabaseException(
                    "nothing can be written to " + System.getProperty("java.io.tmpdir") + " (" + e
                            + "). Choose another folder with java -Djava.io.tmpdir=FOLDER -jar …",
                    e);
        }
    }

    /**
     * Does work on it.
     *
     * @throws DatabaseException if its disk is full or fails, naming the folder: that says nothing about the database
     */
    public <T> T use(Function<Path, T> work) {
        try {
            return work.apply(path());
        } catch (DatabaseException e) {
            if (!e.kind().isOfTheDisk()) {
                throw e;
            }
            throw new DatabaseException(
                    "what is tried on a copy in " + System.getProperty("java.io.tmpdir") + " broke off: "
                            + (e.kind() == FailureKind.FULL
                                    ? "its disk, or that of SQLite's temporary files, is full"
                                    : e.getMessage())
                            + ". Choose another folder with java -Djava.io.tmpdir=FOLDER -jar …",
                    e);
        }
    }

    private void requireSpace(ReadOnlyDatabase original) {
        try {
            long needed = Files.size(original.path());
            long free = Files.getFileStore(folder).getUsableSpace();
            if (free < needed + needed / 4) {
                throw noRoom(original, "it has " + free + " bytes of free space", null);
            }
        } catch (IOException e) {
            throw noRoom(original, e.toString(), e);
        }
    }

    private void makeRoom(ReadOnlyDatabase original) {
        long page = original.snapshot(handle -> ComposedSql.number(handle, "PRAGMA page_size"));
        try {
            PageCopy.makeRoom(path(), Files.size(original.path()), page);
        } catch (SQLException | IOException e) {
            throw new DatabaseException(
                    "no copy of " + original.path() + " could be made in " + System.getProperty("java.io.tmpdir") + ": "
                            + e.getMessage() + ". Choose another folder with java -Djava.io.tmpdir=FOLDER -jar …",
                    e);
        }
    }

    private static DatabaseException noRoom(
            ReadOnlyDatabase original, String why, @org.jspecify.annotations.Nullable IOException e) {
        return new DatabaseException(
                "there is no room for a copy of " + original.path() + " in " + System.getProperty("java.io.tmpdir")
                        + ": " + why + ". Choose another folder with java -Djava.io.tmpdir=FOLDER -jar …",
                e);
    }

    /** How long nobody could write while it was made, in nanoseconds. */
    public long held() {
        return held;
    }

    public Path path() {
        return folder.resolve("copy.db");
    }

    @Override
    public void close() {
        NativeLibrary.remove(folder);
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // Too late: the JVM is ending, and the hook removes what is left.
        }
    }
}
