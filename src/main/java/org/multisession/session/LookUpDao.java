package org.multisession.session;

import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Row;
import org.multisession.db.Sql;
import org.multisession.token.SessionToken;
import org.multisession.user.User;
import org.multisession.user.UserDao;

/**
 * Finds whose account a token opens: by its session, or else as a legacy token. On SQLite one statement does both, so
 * the answer is of a single state of the database; for a token that opens nothing, it names the schema in which that
 * was found.
 *
 * <p>A server opens every table that a statement names, even if it reads none of its rows. So it is asked for the
 * session first, which is what most tokens are, and for the rest in further statements.
 */
public final class LookUpDao {

    /** The first row answers, and SQLite goes on to the next part only where the one before has found nothing. */
    private static final String FIND =
            "SELECT " + UserSessionDao.ALL_COLUMNS + ", NULL AS schema_state\n" + UserSessionDao.OF_TOKEN + "%s" + """
            UNION ALL
            SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ({schemaState})
            LIMIT 1
            """;

    private static final Sql FIND_ACCEPTED =
            Sql.of("find whose a token is", FIND.formatted("""
            UNION ALL
            SELECT u.id, u.phone, {plan}, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            """ + UserDao.OF_LEGACY_TOKEN));

    private static final Sql FIND_SESSION = Sql.of("find whose session a token is", FIND.formatted(""));

    private static final Sql IS_KNOWN_NOW = Sql.of("is a token known by now", """
            SELECT ({schemaState}) AS schema_state,
              EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token IN (:token, :hash)) AS known
            """);

    /**
     * What a token opens: a session, or else as a legacy token the account of its owner, or else nothing.
     *
     * @param schemaState where it opens nothing, in which {@link Handle#schemaState}
     */
    public record Found(
            @Nullable UserSession session, @Nullable User owner, long schemaState) {}

    private final UserSessionDao sessions;
    private final UserDao users;
    private final Stage stage;

    public LookUpDao(UserSessionDao sessions, UserDao users, Stage stage) {
        this.sessions = sessions;
        this.users = users;
        this.stage = stage;
    }

    /** A session is found whether it has run out or not. */
    public Found find(Handle handle, SessionToken token) {
        if (token.isAHash()) {
            // Whoever has read the database must not get in by a hash that it holds.
            return new Found(null, null, handle.schemaState());
        }
        return handle.vendor().isServer()
                ? ask(handle, token)
                : handle.query(stage.acceptsLegacyTokens() ? FIND_ACCEPTED : FIND_SESSION)
                        .bind("token", token.value())
                        .bind("hash", token.hash())
                        .one(LookUpDao::found);
    }

    private static Found found(Row row) {
        if (!row.isNull("schema_state")) {
            return nothing(row);
        }
        return row.isNull("recorded_at")
                ? new Found(null, UserDao.user(row), 0)
                : new Found(UserSessionDao.withSignIn(row), null, 0);
    }

    private static Found nothing(Row row) {
        return new Found(null, null, row.number("schema_state"));
    }

    private Found ask(Handle handle, SessionToken token) {
        UserSessionDao.Looked looked = sessions.findBriefly(handle, token);
        if (looked.session() != null) {
            return new Found(looked.session(), null, 0);
        }
        if (looked.isKnown()) {
            return new Found(null, null, handle.schemaState());
        }
        User owner = stage.acceptsLegacyTokens() ? users.findByLegacyToken(handle, token) : null;
        if (owner != null) {
            return new Found(null, owner, 0);
        }
        return handle.query(IS_KNOWN_NOW)
                .bind("token", token.value())
                .bind("hash", token.hash())
                .one(row -> {
                    // A sign-in may have adopted the legacy token between the first two looks; then it is a session by
                    // now. Tokens only ever go that way, so one more look settles it.
                    UserSession adopted = row.flag("known") ? sessions.find(handle, token) : null;
                    return adopted == null ? nothing(row) : new Found(adopted, null, 0);
                });
    }
}
