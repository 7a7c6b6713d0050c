package org.multisession.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Another program on the database, which writes and reads fifty times a second and notes how long it had to wait. Its
 * busy handler is SQLite's own, as Python's is. For each line on its input it tells the longest waits since the last
 * one, in milliseconds: of its writer and of its reader, and those that took longer than half a second.
 */
public final class Bystander {

    private static final int BUSY_TIMEOUT_MILLIS = 30_000;
    private static final int REST_MILLIS = 20;
    private static final double WORTH_TELLING_MILLIS = 500;

    private final String name;
    private final PreparedStatement act;
    private final int rows;
    private double longest;
    private final List<String> tooLong = new ArrayList<>();

    private Bystander(String name, Connection connection, String sql, int rows) throws SQLException {
        this.name = name;
        this.act = connection.prepareStatement(sql);
        this.rows = rows;
    }

    private void work() {
        for (int i = 1; ; i++) {
            LocalTime since = LocalTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.MILLIS);
            long start = System.nanoTime();
            String failure = "";
            try {
                act.setLong(1, (i * 7919L) % rows + 1);
                if (act.execute()) {
                    act.getResultSet().close();
                }
            } catch (SQLException e) {
                failure = " " + e.getMessage();
            }
            note(since, (System.nanoTime() - start) / 1e6, failure);
            try {
                Thread.sleep(REST_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private synchronized void note(LocalTime since, double millis, String failure) {
        longest = Math.max(longest, millis);
        if (millis > WORTH_TELLING_MILLIS || !failure.isEmpty()) {
            tooLong.add(String.format(Locale.ROOT, "%s %s %.0f%s", name, since, millis, failure));
        }
    }

    private synchronized String tell() {
        String told = String.format(Locale.ROOT, "%.0f", longest);
        longest = 0;
        return told;
    }

    private synchronized List<String> details() {
        List<String> told = List.copyOf(tooLong);
        tooLong.clear();
        return told;
    }

    private static Connection open(String file) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file + "?busy_timeout=" + BUSY_TIMEOUT_MILLIS);
    }

    /** The arguments are the file and how many users and sessions it has. */
    public static void main(String[] arguments) throws Exception {
        int rows = Integer.parseInt(arguments[1]);
        try (Connection first = open(arguments[0]);
                Connection second = open(arguments[0])) {
            Bystander writer = new Bystander(
                    "writer",
                    first,
                    "UPDATE user_sessions SET last_seen_at = '2026-11-01 12:00:00.100000' WHERE id = ?",
                    rows);
            Bystander reader =
                    new Bystander("reader", second, "SELECT auth_token, \"plan\" FROM users WHERE id = ?", rows);
            new Thread(writer::work).start();
            new Thread(reader::work).start();
            System.out.println("working");
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            while (in.readLine() != null) {
                List<String> details = new ArrayList<>(writer.details());
                details.addAll(reader.details());
                System.out.println(writer.tell() + " " + reader.tell() + " " + String.join("; ", details));
            }
        }
        Runtime.getRuntime().halt(0);
    }
}
