package org.multisession.user;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.multisession.db.Handle;

/** Picks a few users by whom one can tell whether the others' sign-ins would work. */
public final class SampleDao {

    /** The oldest and the newest with a legacy token and without one, and the one who has signed in last. */
    private static final String SAMPLES = """
            SELECT u.id, u.phone, %s FROM users u WHERE u.id IN (
              (SELECT id FROM users WHERE auth_token <> '' ORDER BY id LIMIT 1),
              (SELECT id FROM users WHERE auth_token <> '' ORDER BY id DESC LIMIT 1),
              (SELECT id FROM users WHERE auth_token IS NULL ORDER BY id LIMIT 1),
              (SELECT id FROM users WHERE auth_token IS NULL ORDER BY id DESC LIMIT 1),
              (SELECT user_id FROM user_sessions ORDER BY id DESC LIMIT 1))
            ORDER BY u.id
            """;

    private final String samples;

    public SampleDao(UserColumns columns) {
        this.samples = SAMPLES.formatted(columns.planOf("u"));
    }

    /** At most five; none where there are no users. */
    public List<User> find(Handle handle) throws SQLException {
        List<User> found = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(samples);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                found.add(new User(row.getLong(1), row.getString(2), row.getString(3)));
            }
        }
        return found;
    }
}
