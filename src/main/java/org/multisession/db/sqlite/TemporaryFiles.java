package org.multisession.db.sqlite;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.sqlite.SQLiteDataSource;

/**
 * Where SQLite makes its temporary files, which it needs as soon as something to be sorted, or to be undone by itself,
 * does not fit into memory. It looks at the folders of the system and knows nothing of Java's temp directory; in a
 * container with a read-only root that may be the only one that can be written, and then it is used.
 */
final class TemporaryFiles {

    /** As SQLite looks for them, but for the working directory, which is a last resort that nobody expects. */
    static final List<Path> USUAL = Stream.of(
                    System.getenv("SQLITE_TMPDIR"), System.getenv("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp")
            .filter(folder -> folder != null && !folder.isEmpty())
            .map(Path::of)
            .toList();

    private TemporaryFiles() {}

    /** Whether SQLite can use none of these; on Windows it asks the system. */
    static boolean isHomeless(List<Path> folders) {
        return File.separatorChar == '/'
                && folders.stream()
                        .noneMatch(folder ->
                                Files.isDirectory(folder) && Files.isWritable(folder) && Files.isExecutable(folder));
    }

    /** From now on and for the whole process; so it is to be done before anything is opened. */
    static void makeIn(Path folder) {
        SQLiteDataSource memory = new SQLiteDataSource();
        memory.setUrl("jdbc:sqlite::memory:");
        try (Connection connection = memory.getConnection()) {
            Sqlite.run(
                    connection,
                    "PRAGMA temp_store_directory = '"
                            + folder.toAbsolutePath().toString().replace("'", "''") + "'");
        } catch (SQLException e) {
            throw Sqlite.VENDOR.translated(e);
        }
    }
}
