package org.multisession.db;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Objects;
import javax.sql.DataSource;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteOpenMode;

/**
 * One SQLite database file, held by at most one owner per JVM.
 *
 * <p>Two copies of SQLite in one process (an overlapping redeploy, a parallel deployment, a second WAR) do not see each
 * other's POSIX locks, and commits that were acknowledged get lost. So whoever opens the file first claims it, under a
 * JVM-wide name, until {@link #close}.
 */
public final class SqliteFile implements AutoCloseable {

    private static final String CLAIM = "org.multisession.open-database:";

    private final Path path;
    private final String claim;
    private boolean closed;

    private SqliteFile(Path path, String claim) {
        this.path = path;
        this.claim = claim;
    }

    /**
     * Claims the file for this owner. The file is made, empty and readable by this account only, if it is missing and
     * {@code create} is set; a new one gets write-ahead logging, an old one keeps the journal mode it has.
     *
     * @param owner how to call the owner in a message to the next one who tries, as the context path
     * @throws DatabaseException if it is missing, is no plain file, or is open in this JVM already
     */
    public static SqliteFile claim(Path path, boolean create, String owner) {
        Path file = path.toAbsolutePath().normalize();
        boolean created = false;
        if (!Files.exists(file)) {
            if (!create) {
                throw new DatabaseException(
                        "there is no file " + file
                                + ". Check multisession.db.url, or set multisession.db.create = true for a new database",
                        null);
            }
            created = createEmpty(file);
        }
        if (!Files.isRegularFile(file)) {
            throw new DatabaseException(file + " is not a plain file. Check multisession.db.url", null);
        }
        String claim = CLAIM + identity(file);
        Object holder = System.getProperties().putIfAbsent(claim, owner);
        if (holder != null) {
            throw new DatabaseException(
                    file + " is already open in this Tomcat, by the application at '" + holder
                            + "'. Two copies of SQLite in one process lose each other's writes. Undeploy that one first,"
                            + " or give this one a database of its own",
                    null);
        }
        SqliteFile claimed = new SqliteFile(file, claim);
        try {
            NativeLibrary.load();
            if (created) {
                claimed.useWriteAheadLog();
            }
            return claimed;
        } catch (RuntimeException e) {
            claimed.close();
            throw e;
        }
    }

    private static boolean createEmpty(Path file) {
        try {
            Path folder = Objects.requireNonNull(file.getParent());
            if (!Files.exists(folder)) {
                Files.createDirectories(folder);
            }
            // It will hold tokens: nobody else on the machine may read it.
            if (Files.getFileStore(folder).supportsFileAttributeView("posix")) {
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            } else {
                Files.createFile(file);
            }
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (IOException e) {
            throw new DatabaseException("could not create " + file + " (" + e + ")", e);
        }
    }

    /** The same for every path that leads to the file: device and inode where the system has them. */
    private static String identity(Path file) {
        try {
            Object key = Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class)
                    .fileKey();
            return key != null ? key.toString() : file.toRealPath().toString();
        } catch (IOException e) {
            throw new DatabaseException("could not look at " + file + " (" + e + ")", e);
        }
    }

    private void useWriteAheadLog() {
        try (Connection connection = forWriting(Duration.ofSeconds(5)).getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode=WAL");
        } catch (SQLException e) {
            throw Database.translated(e);
        }
    }

    DataSource forWriting(Duration busyTimeout) {
        return new Sqlite.Source("jdbc:sqlite:" + path, neverCreating(), busyTimeout, false);
    }

    DataSource forReading(Duration busyTimeout) {
        // Opened for writing too: a reader of a write-ahead-logged database may have to repair its index file.
        return new Sqlite.Source("jdbc:sqlite:" + path, neverCreating(), busyTimeout, true);
    }

    private static SQLiteConfig neverCreating() {
        SQLiteConfig config = new SQLiteConfig();
        config.resetOpenMode(SQLiteOpenMode.CREATE);
        return config;
    }

    public Path path() {
        return path;
    }

    /** Gives the claim up; a second call does nothing. All connections must be closed by then. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            System.getProperties().remove(claim);
        }
    }
}
