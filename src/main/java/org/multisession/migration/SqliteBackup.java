package org.multisession.migration;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.DatabaseReplacedException;
import org.multisession.db.FailureKind;
import org.multisession.db.Handle;
import org.multisession.db.StorageException;
import org.multisession.db.sqlite.FileAccess;
import org.multisession.db.sqlite.FileFacts;
import org.multisession.db.sqlite.PageCopy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A backup of an SQLite database, made by SQLite itself (its online backup, page by page) into the database's own folder.
 *
 * <p>The copy comes before the transaction that changes something, and others may write between the two. That is right:
 * the copy is one consistent moment of the database before our first change, and what the old app writes after that
 * moment is its own and normal work. To hold the write lock over both would only make the old app's writes fail for
 * longer. (Beside a rollback journal they wait for the copy itself in any case, as for every reader; beside a
 * write-ahead log they do not.) If it then turns out that nothing was to be done, or nothing could be, the copy is
 * removed.
 *
 * <p>The file is never copied by other means: to open and close it in this process would drop SQLite's locks on it.
 */
public final class SqliteBackup implements Backup {

    private static final Logger log = LoggerFactory.getLogger(SqliteBackup.class);

    /** The name of a copy until it is complete and verified, also if the process is killed before. */
    private static final String UNFINISHED = ".part";

    private static final long MEBIBYTE = 1024 * 1024;

    /** Only where the migration could do without a copy of ours: it needs the same rights, and most of the space. */
    private static final String WAY_OUT = ". Or make a copy yourself and set multisession.migration.backup = off";

    private static final String NONE_MADE = "no backup could be made: ";

    /** In KiB, as SQLite wants it. */
    private static final int CACHE = -131_072;

    private final Database database;
    private final Path file;
    private final InstantSource clock;
    private final FreeSpace freeSpace;

    public SqliteBackup(Database database, Path file, InstantSource clock) {
        this(database, file, clock, FreeSpace.SYSTEMS);
    }

    SqliteBackup(Database database, Path file, InstantSource clock, FreeSpace freeSpace) {
        this.database = database;
        this.file = file;
        this.clock = clock;
        this.freeSpace = freeSpace;
    }

    @Override
    public @Nullable Copy make() {
        if (!Files.isWritable(file)) {
            // The change itself will fail and say why.
            return null;
        }
        // Finding out that the database is locked needs no copy.
        database.write(transaction -> true);
        try {
            // Where the file really is: SQLite's own files lie there too.
            Path source = file.toRealPath();
            long size = size(source);
            String shortage = shortage(source, size, Math.max(16 * MEBIBYTE, size / 4));
            if (shortage != null) {
                throw new StorageException(NONE_MADE + shortage, FailureKind.FULL, null);
            }
            log.info("Backup: copying the database ({}) before anything is changed", Bytes.inWords(size));
            return copy(source);
        } catch (IOException e) {
            String obstacle = FileAccess.obstacleToMakingFilesIn(folder()).orElse(null);
            throw obstacle != null
                    ? new StorageException(NONE_MADE + obstacle, FailureKind.ACCESS, e)
                    : new StorageException(NONE_MADE + e, FailureKind.DISK, e);
        } catch (DatabaseBusyException | DatabaseReplacedException e) {
            throw e;
        } catch (DatabaseException e) {
            if (e.kind() == FailureKind.DAMAGE) {
                throw damaged(e.getMessage());
            }
            throw e.kind().isOfTheStorage()
                    ? new StorageException(NONE_MADE + e.getMessage(), e.kind(), e)
                    : refusal(e.getMessage());
        }
    }

    private Path folder() {
        return Objects.requireNonNull(file.toAbsolutePath().getParent());
    }

    private static long size(Path source) throws IOException {
        return Files.size(source) + FileFacts.sizeOfLog(source);
    }

    @Override
    public void requireRoom(long growth) {
        try {
            Path source = file.toRealPath();
            String shortage = shortage(source, size(source), growth);
            if (shortage != null) {
                throw refusal(shortage);
            }
        } catch (IOException e) {
            throw refusal(e.toString());
        }
    }

    /** Null where there is room for the copy as large as the original, and for what is added to the original afterwards. */
    private @Nullable String shortage(Path source, long size, long growth) throws IOException {
        Path folder = Objects.requireNonNull(source.getParent());
        long needed = size + growth;
        long free = freeSpace.of(folder);
        return free >= needed
                ? null
                : folder + " has " + Bytes.inWords(free) + " of free space, and a copy of the database ("
                        + Bytes.inWords(size) + ") and its migration need " + Bytes.inWords(needed)
                        + ". Make room there" + (free < growth ? "" : WAY_OUT);
    }

    private Copy copy(Path source) throws IOException {
        Path unfinished = reserve(source);
        // Ctrl-C, or a Tomcat that is stopped meanwhile.
        Thread atExit = new Thread(() -> remove(unfinished), "multi-session-backup");
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            Copied copied = database.outsideTransaction(handle -> copyInto(handle, unfinished));
            Counts counts = copied.counts();
            sync(unfinished);
            String name = unfinished.getFileName().toString();
            Path copy = unfinished.resolveSibling(name.substring(0, name.length() - UNFINISHED.length()));
            Files.move(unfinished, copy);
            syncFolder(copy);
            log.info(
                    "Backup: {}, verified: {} users, {} sessions, {}",
                    copy,
                    counts.users(),
                    counts.sessions(),
                    Bytes.inWords(Files.size(copy)));
            return new Copy(copy, Held.byCopy(copied.held()));
        } finally {
            // After a success it has another name.
            remove(unfinished);
            forget(atExit);
        }
    }

    private static void forget(Thread atExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            log.debug("Too late: the JVM is ending");
        }
    }

    /** Makes an empty file under a name that is free. It will hold tokens: nobody else may ever read it. */
    private Path reserve(Path source) throws IOException {
        Instant now = clock.instant();
        for (int number = 1; ; number++) {
            String numbered = Backups.name(source, now, number);
            if (Files.exists(source.resolveSibling(numbered))) {
                continue;
            }
            Path unfinished = source.resolveSibling(numbered + UNFINISHED);
            try {
                if (Files.getFileStore(source).supportsFileAttributeView("posix")) {
                    return Files.createFile(
                            unfinished,
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                }
                return Files.createFile(unfinished);
            } catch (FileAlreadyExistsException e) {
                log.debug("{} is taken", unfinished);
            }
        }
    }

    private record Counts(long users, long sessions) {}

    /** @param held how long others had to wait, in nanoseconds */
    private record Copied(Counts counts, long held) {}

    private static Copied copyInto(Handle handle, Path unfinished) throws SQLException {
        boolean hasLog = ComposedSql.texts(handle, "PRAGMA journal_mode").contains("wal");
        if (!hasLog) {
            long page = ComposedSql.number(handle, "PRAGMA page_size");
            PageCopy.makeRoom(unfinished, page * ComposedSql.number(handle, "PRAGMA page_count"), page);
        }
        execute(handle, "BEGIN");
        Counts before;
        long start;
        try {
            // Until this others may hold it up, and not it them.
            long unused = ComposedSql.number(handle, "SELECT count(*) FROM sqlite_master");
            start = System.nanoTime();
            before = counts(handle, "main");
            PageCopy.quicklyInto(handle, unfinished);
        } finally {
            // It has only read.
            execute(handle, "ROLLBACK");
        }
        long held = hasLog ? 0 : System.nanoTime() - start;
        execute(handle, "ATTACH DATABASE ? AS backup", unfinished.toString());
        try {
            // The check looks up every row in every index.
            execute(handle, "PRAGMA backup.cache_size = " + CACHE);
            requireIntact(handle);
            Counts copied = counts(handle, "backup");
            if (!copied.equals(before)) {
                throw refusal("the copy holds " + copied.users() + " users and " + copied.sessions()
                        + " sessions, the database " + before.users() + " and " + before.sessions());
            }
            return new Copied(copied, held);
        } finally {
            execute(handle, "DETACH DATABASE backup");
        }
    }

    /** What is wrong with it is wrong with the database, of which it is a copy page by page. */
    private static void requireIntact(Handle handle) throws SQLException {
        Soundness soundness = Soundness.of(handle, "backup");
        if (!soundness.damages().isEmpty()) {
            throw damaged(soundness.damages().get(0));
        }
        if (!soundness.unchecked().isEmpty()) {
            log.info(
                    "Backup: {} cannot be verified row by row, since an index or a constraint calls what only the app has;"
                            + " every page of it was copied",
                    String.join(", ", soundness.unchecked()));
        }
    }

    private static MigrationRefusedException damaged(@Nullable String how) {
        return new MigrationRefusedException("the database file is damaged (" + how + "). Restore it from a backup, or"
                + " recover it with the sqlite3 shell (.recover)");
    }

    private static Counts counts(Handle handle, String schema) throws SQLException {
        boolean hasSessions = !ComposedSql.texts(
                        handle,
                        "SELECT 1 FROM " + schema + ".sqlite_master WHERE type = 'table'"
                                + " AND name = 'user_sessions' COLLATE NOCASE")
                .isEmpty();
        return new Counts(
                Long.parseLong(text(handle, "SELECT count(*) FROM " + schema + ".users NOT INDEXED")),
                hasSessions
                        ? Long.parseLong(text(handle, "SELECT count(*) FROM " + schema + ".user_sessions NOT INDEXED"))
                        : 0);
    }

    private static String text(Handle handle, String sql) throws SQLException {
        return ComposedSql.texts(handle, sql).get(0);
    }

    private static void execute(Handle handle, String sql, String... values) throws SQLException {
        try (PreparedStatement statement = handle.prepare(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            statement.execute();
        }
    }

    private static void sync(Path copy) throws IOException {
        try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /** The name must be on the disk too. */
    private static void syncFolder(Path copy) {
        try (FileChannel folder = FileChannel.open(Objects.requireNonNull(copy.getParent()), StandardOpenOption.READ)) {
            folder.force(true);
        } catch (IOException e) {
            log.debug("This system does not open folders: {}", e.toString());
        }
    }

    private static void remove(Path unfinished) {
        for (String suffix : List.of("", "-journal", "-wal", "-shm")) {
            try {
                Files.deleteIfExists(unfinished.resolveSibling(unfinished.getFileName() + suffix));
            } catch (IOException e) {
                log.warn("Backup: {} could not be removed ({}); it is of no use", unfinished + suffix, e.toString());
            }
        }
    }

    private static MigrationRefusedException refusal(@Nullable String reason) {
        return new MigrationRefusedException(NONE_MADE + reason);
    }
}
