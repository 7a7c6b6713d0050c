package org.multisession.db.sqlite;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.ReadOnly;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * A database file that is only read, beside a running app or on a disk that cannot be written: not a byte of the file
 * or of its folder changes, and no file is made there.
 *
 * <p>SQLite alone does not keep that promise. Opened read-only, it still makes {@code -wal} and {@code -shm} files beside
 * a database with write-ahead logging, and writes into them. So it is told how to open by what lies there:
 *
 * <ul>
 *   <li>a rollback journal: with a shared lock, as every reader. While it is held the app cannot commit, so
 *       {@link #snapshot} is to copy what it needs into temporary tables and be quick;
 *   <li>write-ahead logging with its {@code -shm}: an app is running, or was killed. Its log is read, and the
 *       shared memory is mapped without the right to write;
 *   <li>write-ahead logging, closed by everybody: without locks, as an immutable file. Should somebody open it
 *       meanwhile, what was read counts for nothing and is read again;
 *   <li>a log without its {@code -shm}, as files that were copied have it: read from a copy in the temp directory.
 * </ul>
 *
 * <p>For one thread, and for a process that does not have the file open otherwise.
 */
public final class ReadOnlyDatabase implements ReadOnly {

    /** How often somebody may interfere. */
    private static final int TRIES = 5;

    /** Where a SQLite header says which journal it has: 1 for a rollback journal, 2 for write-ahead logging. */
    private static final int READ_VERSION = 19;

    /** SQLite takes of it only what it has read; what does not fit is read from the disk again and again. */
    private static final int CACHE_KIB = 256 * 1024;

    private enum Way {
        WITH_LOCKS("mode=ro"),
        WITH_SHARED_MEMORY("mode=ro&readonly_shm=1"),
        IMMUTABLE("mode=ro&immutable=1"),
        AS_A_COPY("mode=rw");

        private final String parameters;

        Way(String parameters) {
            this.parameters = parameters;
        }

        /** Whether SQLite's own locks ensure that nothing changes while it is read. */
        boolean isGuarded() {
            return this == WITH_LOCKS || this == WITH_SHARED_MEMORY;
        }
    }

    private final SqliteFile file;
    private final Duration busyTimeout;
    private @Nullable Connection connection;
    private @Nullable Path copy;

    private ReadOnlyDatabase(SqliteFile file, Duration busyTimeout) {
        this.file = file;
        this.busyTimeout = busyTimeout;
    }

    /**
     * Claims an existing file.
     *
     * @param busyTimeout how long to wait for somebody else's lock
     * @throws DatabaseException if it is missing, is not a plain file, or is already open in this JVM
     */
    public static ReadOnlyDatabase open(Path path, Duration busyTimeout) {
        return new ReadOnlyDatabase(SqliteFile.claim(path, false, "check"), busyTimeout);
    }

    public Path path() {
        return file.path();
    }

    /**
     * Whether the file has write-ahead logging. Opened as immutable, SQLite itself says otherwise.
     *
     * @throws IllegalStateException after a snapshot, or in one: closing the file would drop this process's locks on it
     */
    public boolean hasWriteAheadLog() {
        if (connection != null) {
            throw new IllegalStateException(file.path() + " is open");
        }
        try (InputStream in = Files.newInputStream(file.path())) {
            byte[] header = in.readNBytes(READ_VERSION + 1);
            return header.length > READ_VERSION && header[READ_VERSION] == 2;
        } catch (IOException e) {
            throw new DatabaseException(file.path() + " could not be read (" + e + ")", e);
        }
    }

    /**
     * Runs work that sees the database as it was at one moment. It may make temporary tables, for {@link #onTemporary}.
     * It may have to run again, then on a new connection without them.
     *
     * @throws DatabaseException if the database cannot be read
     */
    @Override
    public <T> T snapshot(Database.Work<? super Handle, T> work) {
        for (int left = TRIES; left > 0; left--) {
            disconnect();
            Way way = way();
            List<String> before = state();
            try {
                Connection opened = connect(way);
                run(opened, "BEGIN");
                T result = read(opened, work);
                run(opened, "COMMIT");
                if (way.isGuarded() || state().equals(before)) {
                    return result;
                }
            } catch (SQLException e) {
                if (state().equals(before) || !isByChange(way, e)) {
                    throw translated(e);
                }
            }
        }
        throw new DatabaseBusyException(
                file.path() + " was opened, written and closed again and again while it was being read", null);
    }

    /** Runs work on the temporary tables that {@link #snapshot} has left, without a lock on the file. */
    public <T> T onTemporary(Database.Work<? super Handle, T> work) {
        Connection opened = Objects.requireNonNull(connection, "nothing has been read yet");
        try {
            run(opened, "BEGIN");
            T result = read(opened, work);
            run(opened, "COMMIT");
            return result;
        } catch (SQLException e) {
            throw translated(e);
        }
    }

    /** What the database refuses comes as JDBC has it, by whatever means the work has asked. */
    private static <T> T read(Connection opened, Database.Work<? super Handle, T> work) throws SQLException {
        try {
            return work.run(Handle.on(opened, Sqlite.VENDOR));
        } catch (DatabaseException e) {
            if (e.getCause() instanceof SQLException refusal) {
                throw refusal;
            }
            throw e;
        }
    }

    private Way way() {
        if (!hasWriteAheadLog()) {
            return Way.WITH_LOCKS;
        }
        if (Files.exists(beside("-shm"))) {
            return Way.WITH_SHARED_MEMORY;
        }
        return size(beside("-wal")) > 0 ? Way.AS_A_COPY : Way.IMMUTABLE;
    }

    /** An error that does not count, because somebody has changed the database meanwhile. */
    private static boolean isByChange(Way way, SQLException e) {
        return !way.isGuarded() || Sqlite.isCannotOpen(e);
    }

    private Connection connect(Way way) throws SQLException {
        Path opened = way == Way.AS_A_COPY ? copied() : file.path();
        SQLiteConfig config = new SQLiteConfig();
        config.setGetGeneratedKeys(false);
        config.setBusyTimeout(Math.toIntExact(busyTimeout.toMillis()));
        SQLiteDataSource source = new SQLiteDataSource(config);
        // As a URI, in which a question mark in the name is escaped.
        source.setUrl("jdbc:sqlite:file:" + opened.toUri().getRawPath() + "?" + way.parameters);
        Connection made = source.getConnection();
        connection = made;
        TokenHashFunction.addTo(made);
        run(made, "PRAGMA main.cache_size=-" + CACHE_KIB);
        run(made, "PRAGMA temp.cache_size=-" + CACHE_KIB);
        return made;
    }

    private Path copied() {
        try {
            Path folder = Files.createTempDirectory("multi-session-check-");
            copy = folder;
            Path database = folder.resolve("copy.db");
            Files.copy(file.path(), database);
            Files.copy(beside("-wal"), folder.resolve("copy.db-wal"));
            return database;
        } catch (IOException e) {
            throw new DatabaseException(
                    file.path() + " has a log beside it that no program has open, so it is read from a copy in "
                            + System.getProperty("java.io.tmpdir") + "; that could not be made (" + e + ")",
                    e);
        }
    }

    /** Sizes and times of the file and of what may lie beside it: equal as long as nobody writes. */
    private List<String> state() {
        List<String> state = new ArrayList<>();
        for (Path path : List.of(file.path(), beside("-wal"), beside("-shm"), beside("-journal"))) {
            try {
                BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
                state.add(attributes.fileKey() + " " + attributes.size() + " " + attributes.lastModifiedTime());
            } catch (IOException e) {
                state.add("none");
            }
        }
        return state;
    }

    private static long size(Path path) {
        try {
            return Files.size(path);
        } catch (IOException e) {
            return 0;
        }
    }

    private Path beside(String suffix) {
        return Path.of(file.path() + suffix);
    }

    private DatabaseException translated(SQLException e) {
        if (e instanceof SQLiteException sqlite
                && (sqlite.getResultCode() == SQLiteErrorCode.SQLITE_READONLY_ROLLBACK
                        || (Sqlite.isCannotOpen(e) && size(beside("-journal")) > 0))) {
            return new DatabaseException(
                    file.path() + ": the program that wrote it was stopped halfway and left " + beside("-journal")
                            + ". Open the database once with that program or with the sqlite3 shell, which rolls the"
                            + " unfinished change back; then try again",
                    e);
        }
        if (Sqlite.isCannotOpen(e)) {
            return new DatabaseException(
                    file.path() + " could not be opened: " + obstacle().orElse(String.valueOf(e.getMessage())), e);
        }
        DatabaseException translated = Sqlite.VENDOR.translated(e);
        String message = file.path() + ": " + translated.getMessage();
        return translated instanceof DatabaseBusyException
                ? new DatabaseBusyException(message, e)
                : new DatabaseException(message, translated.kind(), e);
    }

    private Optional<String> obstacle() {
        return Stream.of("", "-wal", "-shm", "-journal")
                .map(this::beside)
                .filter(Files::exists)
                .map(FileAccess::obstacleToReading)
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void disconnect() {
        try {
            if (connection != null) {
                connection.close();
                connection = null;
            }
        } catch (SQLException e) {
            throw translated(e);
        } finally {
            if (copy != null) {
                NativeLibrary.remove(copy);
                copy = null;
            }
        }
    }

    @Override
    public String toString() {
        return file.path().toString();
    }

    /** This drops temporary tables. */
    @Override
    public void close() {
        try {
            disconnect();
        } finally {
            file.close();
        }
    }
}
