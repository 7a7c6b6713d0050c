package org.multisession.check;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;
import org.multisession.migration.DryRun;
import org.multisession.migration.Progress;
import org.multisession.migration.Step;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;

/** Reads every phone number as a sign-in would, and finds those with which nobody can sign in. */
final class Numbers {

    private static final String NUMBERS = "SELECT id, phone FROM users ORDER BY ";

    /** On disk if necessary: the numbers of millions of users do not belong in the heap. */
    private static final String MAKE = "CREATE TEMP TABLE check_numbers (number TEXT, id INTEGER)";

    private static final String ADD = "INSERT INTO check_numbers VALUES (?, ?)";

    private static final String COLLISIONS = """
            SELECT number, id FROM check_numbers
            WHERE number IN (SELECT number FROM check_numbers GROUP BY number HAVING count(*) > 1)
            ORDER BY number, id
            """;

    private final PhoneNumbers numbers;
    private final Findings findings;
    private final Progress progress;

    Numbers(String region, Findings findings, Progress progress) {
        this.numbers = new PhoneNumbers(region);
        this.findings = findings;
        this.progress = progress;
    }

    /** @param place the column by which {@code users} lies in its order */
    void read(Handle handle, String place) throws SQLException {
        ComposedSql.update(handle, MAKE);
        long done = 0;
        Step step = new Step(progress, "reading telephone numbers", DryRun.rows(handle, "users"));
        try (PreparedStatement statement = handle.prepare(NUMBERS + place);
                PreparedStatement add = handle.prepare(ADD);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                step.at(++done);
                long id = row.getLong(1);
                PhoneNumber number = number(id, row.getString(2));
                if (number != null) {
                    add.setString(1, number.text());
                    add.setLong(2, id);
                    add.executeUpdate();
                }
            }
        }
        step.end();
        collisions(handle);
    }

    private @Nullable PhoneNumber number(long userId, @Nullable String stored) {
        if (stored == null || stored.isBlank()) {
            findings.add(Fault.MISSING_NUMBER, Row.user(userId));
            return null;
        }
        PhoneNumber number = numbers.read(stored);
        if (number == null || !number.isSendable()) {
            findings.add(Fault.NO_NUMBER, Row.user(userId));
        } else if (!number.isPossible()) {
            findings.add(Fault.TEXT_FOR_A_NUMBER, Row.user(userId));
        }
        return number;
    }

    private void collisions(Handle handle) throws SQLException {
        String number = "";
        List<Long> users = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(COLLISIONS);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                if (!row.getString(1).equals(number)) {
                    add(number, users);
                    number = row.getString(1);
                    users = new ArrayList<>();
                }
                users.add(row.getLong(2));
            }
        }
        add(number, users);
    }

    private void add(String number, List<Long> users) {
        if (!users.isEmpty()) {
            PhoneNumber read = numbers.read(number);
            findings.add(Fault.COLLIDING_NUMBER, Row.users(users, read == null ? null : read.masked()));
        }
    }
}
