package org.multisession.db.sqlite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.multisession.db.DatabaseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteJDBCLoader;

/**
 * Loads SQLite's native library without leaving copies of it behind.
 *
 * <p>The driver unpacks one for each class loader, so for each deploy, into the temp directory, and deletes them when
 * the JVM ends, unless that is killed. Here it unpacks into a folder of its own, which is removed at once: a library
 * that is loaded needs its file no more. (On Windows it does, and the driver's way stays.)
 */
public final class NativeLibrary {

    private static final Logger log = LoggerFactory.getLogger(NativeLibrary.class);

    private static final String FOLDER = "org.sqlite.tmpdir";

    // The driver logs a failure with its stack trace; the operator shall read our words first. Held here, or the level
    // would be collected.
    private static final java.util.logging.Logger DRIVER_LOG =
            java.util.logging.Logger.getLogger("org.sqlite.SQLiteJDBCLoader");

    private static boolean loaded;

    private NativeLibrary() {}

    /** Which SQLite it is, for example {@code SQLite 3.54.1 (driver 3.54.1.0)}; read from the driver, without loading it. */
    public static String version() {
        String driver = SQLiteJDBCLoader.getVersion();
        return "SQLite " + driver.replaceFirst("^(\\d+\\.\\d+\\.\\d+).*", "$1") + " (driver " + driver + ")";
    }

    /** Loads it, unless it is loaded already; a {@link DatabaseException} says what to do if it cannot be loaded. */
    static synchronized void load() {
        if (!loaded) {
            Properties properties = System.getProperties();
            // The folder is passed in a system property: another context of this Tomcat may start at the same time.
            synchronized (properties) {
                loadByAFolderOfItsOwn(properties);
            }
            if (TemporaryFiles.isHomeless(TemporaryFiles.USUAL)) {
                TemporaryFiles.makeIn(Path.of(properties.getProperty("java.io.tmpdir")));
            }
            loaded = true;
        }
    }

    private static void loadByAFolderOfItsOwn(Properties properties) {
        String before = properties.getProperty(FOLDER);
        Path parent = Path.of(before != null ? before : properties.getProperty("java.io.tmpdir"));
        Path folder = makeFolder(parent);
        properties.setProperty(FOLDER, folder.toString());
        try {
            initialize(parent);
        } finally {
            if (before == null) {
                properties.remove(FOLDER);
            } else {
                properties.setProperty(FOLDER, before);
            }
            remove(folder);
        }
    }

    private static Path makeFolder(Path parent) {
        try {
            return Files.createTempDirectory(parent, "multi-session-sqlite-");
        } catch (IOException e) {
            throw failed(parent, e);
        }
    }

    private static void initialize(Path parent) {
        Level before = DRIVER_LOG.getLevel();
        DRIVER_LOG.setLevel(Level.OFF);
        try {
            SQLiteJDBCLoader.initialize();
        } catch (Exception e) {
            // The driver declares no narrower exception.
            throw failed(parent, e);
        } finally {
            DRIVER_LOG.setLevel(before);
        }
    }

    private static DatabaseException failed(Path parent, Exception e) {
        return new DatabaseException(
                "SQLite's native library could not be loaded through the folder " + parent + ": "
                        + FileAccess.obstacleToRunningFrom(parent).orElse(String.valueOf(e.getMessage()))
                        + ". It must be writable and not mounted noexec; choose another one with the system property "
                        + FOLDER,
                e);
    }

    /** Deletes a folder of plain files. */
    static void remove(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            // On Windows the driver deletes them when the JVM ends.
            log.debug("{} remains until the JVM ends: {}", folder, e.toString());
        }
    }
}
