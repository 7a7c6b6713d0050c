package org.multisession.user;

import java.util.List;
import org.multisession.db.Handle;
import org.multisession.db.Sql;

/** Picks a few users by whom one can tell whether the others' sign-ins would work. */
public final class SampleDao {

    /**
     * The oldest and the newest user with a legacy token and without one, and whoever signed in last. Others wait for the
     * lock meanwhile, so among millions of users nobody looks further than at the first and the last fifty thousand.
     */
    private static final Sql SAMPLES = Sql.of("pick a few users", """
            WITH oldest AS (SELECT id, auth_token FROM users ORDER BY id LIMIT 50000),
              newest AS (SELECT id, auth_token FROM users ORDER BY id DESC LIMIT 50000)
            SELECT u.id, u.phone, {plan} AS plan FROM users u WHERE u.id IN (
              (SELECT id FROM oldest WHERE auth_token <> '' LIMIT 1),
              (SELECT id FROM newest WHERE auth_token <> '' LIMIT 1),
              (SELECT id FROM oldest WHERE auth_token IS NULL LIMIT 1),
              (SELECT id FROM newest WHERE auth_token IS NULL LIMIT 1),
              (SELECT user_id FROM user_sessions ORDER BY id DESC LIMIT 1))
            ORDER BY u.id
            """);

    /** At most five; none where there are no users. */
    public List<User> find(Handle handle) {
        return handle.query(SAMPLES).list(UserDao::user);
    }
}
