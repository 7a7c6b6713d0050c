package org.multisession.user;

import java.util.List;
import org.multisession.db.Handle;
import org.multisession.db.Sql;

/** Walks through the users that have a legacy token at all. */
public final class LegacyHolderDao {

    private static final Sql AFTER = Sql.of("next page of users with a legacy token", """
            SELECT id FROM users WHERE id > :last AND auth_token IS NOT NULL ORDER BY id LIMIT :rows
            """);

    /** The ids of so many of them behind this one, in order. */
    public List<Long> after(Handle handle, long last, int rows) {
        return handle.query(AFTER).bind("last", last).bind("rows", rows).list(row -> row.number("id"));
    }
}
