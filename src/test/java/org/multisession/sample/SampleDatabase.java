package org.multisession.sample;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Makes the sample database of the old app from its SQL script, unless it is there.
 *
 * <p>Started from its source file, before the tests are compiled: it must stand alone.
 */
public final class SampleDatabase {
    private SampleDatabase() {}

    /** Takes the SQL script and the database file. */
    public static void main(String[] args) throws IOException, SQLException {
        Path script = Path.of(args[0]);
        Path database = Path.of(args[1]);
        if (Files.exists(database)) {
            return;
        }
        Files.createDirectories(database.toAbsolutePath().getParent());
        // Under another name until it is whole: what an interrupted run leaves must not pass for a database.
        Path unfinished = database.resolveSibling(database.getFileName() + ".unfinished");
        Files.deleteIfExists(unfinished);
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + unfinished);
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(Files.readString(script));
        }
        Files.move(unfinished, database, StandardCopyOption.ATOMIC_MOVE);
    }
}
