package org.multisession.bench;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** Another program on the database: commits so often in a second, or holds the lock for so long. */
public final class BusyWriter {

    private BusyWriter() {}

    /** The arguments are the file, commits per second, and milliseconds to hold the lock; runs until it is killed. */
    public static void main(String[] arguments) throws SQLException, InterruptedException {
        int commits = Integer.parseInt(arguments[1]);
        long hold = Long.parseLong(arguments[2]);
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + arguments[0]);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout=5000");
            for (int i = 1; ; i++) {
                statement.execute("BEGIN IMMEDIATE");
                statement.executeUpdate("UPDATE user_sessions SET last_seen_at = '2026-11-01 12:00:00." + (100_000 + i)
                        + "' WHERE id = " + i);
                if (i == 1) {
                    System.out.println("writing");
                }
                if (hold > 0) {
                    Thread.sleep(hold);
                }
                statement.execute("COMMIT");
                if (hold > 0) {
                    Thread.sleep(60_000);
                }
                Thread.sleep(1000 / commits);
            }
        }
    }
}
