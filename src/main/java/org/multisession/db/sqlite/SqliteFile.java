package org.multisession.db.sqlite;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Pools;
import org.multisession.db.Source;
import org.multisession.db.Vendor;

/**
 * One SQLite database file, held by at most one owner per JVM.
 *
 * <p>Two copies of SQLite in one process (an overlapping redeploy, a parallel deployment, a second WAR) do not see each
 * other's POSIX locks, and commits that were acknowledged get lost. So whoever opens the file first claims it, under a
 * JVM-wide name, until {@link #close}.
 */
public final class SqliteFile implements Source {

    /** What SQLite keeps beside a database, by the ends of the names. */
    static final List<String> BESIDE = List.of("-wal", "-shm", "-journal");

    private static final String CLAIM = "org.multisession.open-database:";

    /** As in the settings. */
    private final Path named;

    /** Where the file really is. SQLite's own files are there, not beside a link to it. */
    private final Path path;

    private final String identity;

    /** The same as the file system has it; null where it has none. */
    private final @Nullable Object key;

    private final Descriptors descriptors;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** The identities of the files beside it that belong to it while it is open. */
    private volatile Set<String> log = Set.of();

    private SqliteFile(Path named, Path path) throws IOException {
        this.named = named;
        this.path = path;
        this.key = key(path);
        this.identity = identity(path);
        this.descriptors = new Descriptors(identity);
    }

    /**
     * Claims the file for this owner. The file is made, empty and readable by this account only, if it is missing and
     * {@code create} is set; a new one gets write-ahead logging, an old one keeps the journal mode it has.
     *
     * @param owner the name of the owner, for a message to the next one who tries, as the context path
     * @throws DatabaseException if it is missing, is not a plain file, or is already open in this JVM
     */
    public static SqliteFile claim(Path path, boolean create, String owner) {
        Path named = path.toAbsolutePath();
        FileAccess.obstacleOnTheWayTo(named).ifPresent(SqliteFile::refuse);
        boolean created = false;
        if (!Files.exists(named)) {
            if (!create) {
                Path folder = named.getParent();
                refuse("there is no file " + named
                        + (folder == null || Files.exists(folder) ? "" : ", and no folder " + folder)
                        + ". Check multisession.db.url; only a deploy and 'migrate' make a new database, where"
                        + " multisession.db.create = true");
            }
            created = createEmpty(named);
        }
        if (!Files.isRegularFile(named)) {
            refuse(named + " is not a plain file. Check multisession.db.url");
        }
        FileAccess.obstacleToReading(named).ifPresent(SqliteFile::refuse);
        SqliteFile claimed = claim(named, owner);
        try {
            NativeLibrary.load();
            if (created) {
                claimed.useWriteAheadLog();
            }
            return claimed;
        } catch (RuntimeException | Error e) {
            claimed.close();
            throw e;
        }
    }

    private static SqliteFile claim(Path named, String owner) {
        try {
            Path real = named.toRealPath();
            requireOneName(named, real);
            SqliteFile claimed = new SqliteFile(named, real);
            Object holder = System.getProperties().putIfAbsent(CLAIM + claimed.identity, owner);
            if (holder != null) {
                refuse(named + " is already open in this Tomcat, in the application at '" + holder
                        + "'. Two copies of SQLite in one process lose each other's writes. Undeploy that one first,"
                        + " or give this one a database of its own. One that was undeployed just now may still be ending"
                        + " what it was at");
            }
            return claimed;
        } catch (IOException e) {
            throw new DatabaseException("could not look at " + named + " (" + e + ")", e);
        }
    }

    private static void refuse(String reason) {
        throw new DatabaseException(reason, null);
    }

    /**
     * SQLite keeps its log and its journal beside the name by which a program opens the file. Two names lead to two of
     * them, neither of which knows of the other.
     */
    private static void requireOneName(Path named, Path real) throws IOException {
        if (real.getFileSystem().supportedFileAttributeViews().contains("unix")
                && (Integer) Files.getAttribute(real, "unix:nlink") > 1) {
            refuse(named + " has " + Files.getAttribute(real, "unix:nlink")
                    + " names (hard links). Programs that open a database by different names damage it, because SQLite"
                    + " keeps a log beside each name. Keep one name ('find / -xdev -samefile " + real
                    + "' lists them) and make the others symbolic links");
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
            String reason =
                    FileAccess.obstacleToMakingFilesIn(nearestFolder(file)).orElseGet(e::toString);
            throw new DatabaseException(
                    "could not create " + file + " (multisession.db.url, or its default): " + reason, e);
        }
    }

    /** The folder in which to create a file, or the nearest existing one above it. */
    private static Path nearestFolder(Path file) {
        Path folder = Objects.requireNonNull(file.getParent());
        while (folder.getParent() != null && !Files.exists(folder)) {
            folder = folder.getParent();
        }
        return folder;
    }

    /** The same for every path that leads to the file, and for no other file: device and inode where there are such. */
    private static String identity(Path path) throws IOException {
        Object key = key(path);
        return key != null ? key.toString() : path.toRealPath().toString();
    }

    private static @Nullable Object key(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }

    private static Optional<String> identityOf(Path path) {
        try {
            return Optional.of(identity(path));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Whether the path in the settings still leads to this very file. Takes one to two microseconds. */
    @Override
    public boolean isInPlace() {
        try {
            // Before every answer, so its text is not made.
            return key == null ? identity.equals(identity(named)) : key.equals(key(named));
        } catch (IOException e) {
            return false;
        }
    }

    /** Remembers the files beside the open one, to recognize them when another file is in its place. */
    @Override
    public void observe() {
        Set<String> beside = filesBeside(path);
        if (isInPlace()) {
            log = beside;
        }
    }

    @Override
    public boolean hasLostLog() {
        return Descriptors.isAnyRemoved(Set.of(beside("-wal"), beside("-shm")));
    }

    /** Unless somebody who came later has begun another log, to which this would do harm. */
    @Override
    public void save(Handle handle) throws SQLException {
        if (!Files.exists(beside("-wal"))) {
            var unused = ComposedSql.texts(handle, "PRAGMA wal_checkpoint(PASSIVE)");
        }
    }

    private Path beside(String suffix) {
        return Path.of(path + suffix);
    }

    private static Set<String> filesBeside(Path path) {
        Set<String> beside = new HashSet<>();
        BESIDE.forEach(suffix -> identityOf(Path.of(path + suffix)).ifPresent(beside::add));
        return beside;
    }

    /**
     * Claims what is now in the place of this file, while this one is still open: until it is closed, its inode and
     * those of its log are not reused, so they can be recognized.
     *
     * @throws DatabaseException if there is nothing, or if opening it would damage it
     */
    @Override
    public SqliteFile successor(String owner) {
        SqliteFile successor = claim(named, false, owner);
        if (!successor.identity.equals(identity) && !Collections.disjoint(log, filesBeside(successor.path))) {
            successor.close();
            refuse(
                    successor.path + "-wal and -shm still belong to the previous file, and SQLite would mix the two and"
                            + " damage the new one. Stop the other programs that use the database, then delete these two files");
        }
        return successor;
    }

    /** The file descriptors of this process on the file that are not ours. */
    Descriptors descriptors() {
        return descriptors;
    }

    private void useWriteAheadLog() {
        try (Connection connection = forWriting(Duration.ofSeconds(5)).getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode=WAL");
        } catch (SQLException e) {
            throw Sqlite.VENDOR.translated(e);
        }
    }

    private DataSource forWriting(Duration busyTimeout) {
        return new Connections(this, busyTimeout, false);
    }

    DataSource forReading(Duration busyTimeout) {
        // Opened for writing too: a reader in write-ahead mode may have to repair its index file.
        return new Connections(this, busyTimeout, true);
    }

    @Override
    public Vendor vendor() {
        return Sqlite.VENDOR;
    }

    /**
     * One writer, for which callers queue: SQLite admits one at a time anyway, and a queue spares them the busy loop.
     */
    @Override
    public Pools open(int readers, Duration wait) {
        return Pools.ofOneWriter(this, forWriting(wait), forReading(wait), forWriting(Duration.ZERO), readers, wait);
    }

    @Override
    public Optional<String> obstacle() {
        return FileAccess.obstacleToUsing(path);
    }

    @Override
    public String describe(Handle handle) throws SQLException {
        return NativeLibrary.version() + ", file " + path + ", journal mode " + journalMode(handle);
    }

    @Override
    public Optional<String> warning(Handle handle) throws SQLException {
        return journalMode(handle).equals("wal") ? FileAccess.logOfOursThatShutsOthersOut(path) : Optional.empty();
    }

    /** It is never changed on an existing file. */
    private static String journalMode(Handle handle) throws SQLException {
        return ComposedSql.texts(handle, "PRAGMA journal_mode").get(0);
    }

    /** How many descriptors on the file belong to somebody else in this JVM, most likely another copy of SQLite. */
    @Override
    public int foreignUsers() {
        return descriptors.foreign();
    }

    @Override
    public Optional<Path> file() {
        return Optional.of(path);
    }

    @Override
    public String toString() {
        return path.toString();
    }

    /** Where the file really is, whatever links the settings name it by. */
    public Path path() {
        return path;
    }

    /** Releases the claim; a second call does nothing. All connections must be closed first. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            System.getProperties().remove(CLAIM + identity);
        }
    }
}
