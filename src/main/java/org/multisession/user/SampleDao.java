package org.multisession.user;

import java.util.List;
import org.multisession.db.Handle;
import org.multisession.db.Sql;

/** Picks a few users by whom one can tell whether the others' sign-ins would work. */
public final class SampleDao {

    /** The oldest and the newest user with a legacy token and without one, and whoever signed in last. */
    private static final Sql SAMPLES = Sql.of("pick a few users", """
            SELECT u.id, u.phone, {plan} AS plan FROM users u WHERE u.id IN (
              (SELECT id FROM users WHERE auth_token <> '' ORDER BY id LIMIT 1),
              (SELECT id FROM users WHERE auth_token <> '' ORDER BY id DESC LIMIT 1),
              (SELECT id FROM users WHERE auth_token IS NULL ORDER BY id LIMIT 1),
              (SELECT id FROM users WHERE auth_token IS NULL ORDER BY id DESC LIMIT 1),
              (SELECT user_id FROM user_sessions ORDER BY id DESC LIMIT 1))
            ORDER BY u.id
            """);

    /** At most five; none where there are no users. */
    public List<User> find(Handle handle) {
        return handle.query(SAMPLES).list(UserDao::user);
    }
}
