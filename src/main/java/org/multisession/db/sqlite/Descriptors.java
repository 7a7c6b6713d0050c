package org.multisession.db.sqlite;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteJDBCLoader;

/**
 * The file descriptors of this process on one database file, ours and foreign ones.
 *
 * <p>Ours appear while one of our connections is opened, and only then; in every journal mode one for each, or none where
 * SQLite takes up one that it had kept. Any other was opened by somebody else in this JVM: another web application with a
 * SQLite of its own. The two copies do not see each other's POSIX locks, and whoever closes the file drops the locks of
 * all. Linux tells; elsewhere no descriptor is seen. Nor is one looked for where the driver is shared with other
 * applications, as one in Tomcat's {@code lib} is: theirs are opened by the same copy of
 * SQLite then, and do no harm.
 */
final class Descriptors {

    private static final Path OPEN = Path.of("/proc/self/fd");

    private static final Logger log = LoggerFactory.getLogger(Descriptors.class);

    private final String identity;
    private final Path folder;
    private boolean tellable;

    /**
     * For each opening the descriptors that appeared during it, of which one is ours. Where there are more, somebody else
     * has opened the file at the same time, and nobody can tell which is which. Guarded by this.
     */
    private final List<Set<String>> ours = new ArrayList<>();

    Descriptors(String identity) {
        this(identity, OPEN);
    }

    /** @param folder with a link for each open descriptor */
    Descriptors(String identity, Path folder) {
        this.identity = identity;
        this.folder = folder;
        this.tellable = Files.isDirectory(folder)
                && SQLiteJDBCLoader.class.getClassLoader() == Descriptors.class.getClassLoader();
    }

    /** Opens a connection. */
    @FunctionalInterface
    interface Opening {
        Connection open() throws SQLException;
    }

    /** Opens a connection of ours, and knows its descriptor from then on. */
    synchronized Connection opening(Opening opening) throws SQLException {
        if (!tellable) {
            return opening.open();
        }
        Set<String> before = open();
        Connection opened = opening.open();
        Set<String> made = open();
        if (before == null || made == null) {
            tellable = false;
            log.warn(
                    "This process could not list the files that it has open. Until it is started again, nobody looks for"
                            + " others in it that open the database");
            return opened;
        }
        forgetClosed(before);
        made.removeAll(before);
        if (!made.isEmpty()) {
            ours.add(made);
        }
        return opened;
    }

    /** Whether this process has one of these files open that is no longer there under its name. */
    static boolean isAnyRemoved(Set<Path> files) {
        Set<String> links = files.stream().map(file -> file + " (deleted)").collect(Collectors.toSet());
        try (DirectoryStream<Path> all = Files.newDirectoryStream(OPEN)) {
            for (Path each : all) {
                if (links.contains(target(each))) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // No system that tells.
            return false;
        }
        return false;
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            // Closed meanwhile.
            return "";
        }
    }

    /** How many are open that are not ours. */
    synchronized int foreign() {
        if (!tellable) {
            return 0;
        }
        Set<String> open = open();
        if (open == null) {
            // To list them takes one more. Ours are not closed by that.
            return 0;
        }
        forgetClosed(open);
        return open.size() - ours.size();
    }

    /** The number of a closed descriptor is reused, perhaps by somebody else. */
    private void forgetClosed(Set<String> open) {
        ours.forEach(made -> made.retainAll(open));
        ours.removeIf(Set::isEmpty);
    }

    /** The numbers of all descriptors of this process on the file; null where they cannot be listed now. */
    private @Nullable Set<String> open() {
        Set<String> numbers = new HashSet<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            for (Path each : all) {
                if (leadsToTheFile(each)) {
                    numbers.add(each.getFileName().toString());
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            return null;
        }
        return numbers;
    }

    private boolean leadsToTheFile(Path descriptor) {
        try {
            Object key =
                    Files.readAttributes(descriptor, BasicFileAttributes.class).fileKey();
            return key != null && key.toString().equals(identity);
        } catch (IOException e) {
            // Closed meanwhile, or not a file.
            return false;
        }
    }
}
