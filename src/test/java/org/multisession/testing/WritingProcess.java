package org.multisession.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** An app that has the database open in a process of its own, and runs the SQL that it is told; each answers a line. */
public final class WritingProcess {

    private WritingProcess() {}

    /** Runs until its input ends; the argument is the file. */
    public static void main(String[] arguments) throws IOException, SQLException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + Path.of(arguments[0]));
                Statement statement = connection.createStatement()) {
            for (String line = commands.readLine(); line != null; line = commands.readLine()) {
                System.out.println(run(statement, line));
            }
        }
    }

    private static String run(Statement statement, String sql) {
        try {
            statement.execute(sql);
            return "done";
        } catch (SQLException e) {
            return "failed: " + e.getMessage();
        }
    }
}
