package org.multisession.session;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.multisession.token.StoredToken;
import org.multisession.token.TokenSql;

/** The statements that forget tokens which have ended, and find out which of them still stand anywhere. */
public final class EndedTokenDao {

    /** When the latest look that counts began. */
    private static final String LOOKED = "tokens-looked-for";

    /** Since when looks count, and for which table users: a time, a bar, and what tells it from another one. */
    private static final String ABSENT_FROM = "tokens-absent-from";

    /** Looks that are farther apart have missed too much in between. */
    private static final Duration LONGEST_GAP = Duration.ofDays(3);

    /** Differs once somebody has replaced the table users or our triggers on it, if only for a moment. */
    private static final String STATE = "CAST(({schemaState}) AS TEXT) || ' ' || {tableOfUsers} AS state";

    /** Numbers sort before all texts, in a column that has them; an index tells. */
    private static final Sql SCHEMA = Sql.of("what hides no token", "SELECT " + STATE + """
            , {tableOfUsers} AS users,
              NOT EXISTS (SELECT 1 FROM multisession_state WHERE name = 'migration')
              AND (SELECT min(id) FROM users) IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM users WHERE auth_token < '') AS is_settled
            """);

    private static final Sql SAME_SCHEMA = Sql.of("whether the schema is the same", "SELECT " + STATE);

    private static final Sql COPY =
            Sql.of("a table that may take the place of another", "SELECT name FROM {copies} LIMIT 1");

    private static final Sql SIZE = Sql.of("the lowest and the highest ids", """
            SELECT coalesce((SELECT min(id) FROM users), 0) AS first_user,
              coalesce((SELECT max(id) FROM users), 0) AS last_user,
              coalesce((SELECT min(id) FROM user_sessions), 0) AS first_session,
              coalesce((SELECT max(id) FROM user_sessions), 0) AS last_session
            """);

    /** In the order of the tokens: whichever row a token is moved to meanwhile, its place in the index is the same. */
    private static final String PAGE = """
            SELECT {tokenToRead} AS auth_token FROM %s h WHERE h.auth_token > :last ORDER BY h.auth_token LIMIT :rows
            """;

    /**
     * Where a collation takes different tokens for equal, others may follow the last one of a page that count as it. Any
     * number of rows may have the very same text.
     */
    private static final String SAME = """
            SELECT DISTINCT CAST(h.auth_token AS TEXT) {binary} AS auth_token FROM %s h WHERE h.auth_token = :last
            """;

    private static final Sql OF_USERS = Sql.of("next page of tokens of users", PAGE.formatted("users"));

    private static final Sql OF_SESSIONS = Sql.of("next page of tokens of sessions", PAGE.formatted("user_sessions"));

    private static final Sql SAME_OF_USERS = Sql.of("tokens of users that sort alike", SAME.formatted("users"));

    private static final Sql SAME_OF_SESSIONS =
            Sql.of("tokens of sessions that sort alike", SAME.formatted("user_sessions"));

    private static final Sql ENDED_PAGE = Sql.of(
            "next page of tokens, with those that stand nowhere", """
            SELECT t.auth_token, t.has_ended,
              CASE WHEN t.has_ended AND {typeof}(t.auth_token) = 'text' THEN
                (SELECT a.since FROM multisession_absent_tokens a
                  WHERE a.token_hash = CASE WHEN %s THEN t.auth_token ELSE multisession_hash(t.auth_token) END) END AS since
            FROM (SELECT auth_token, ended_at IS NOT NULL AS has_ended FROM multisession_tokens
              WHERE auth_token > :last ORDER BY auth_token LIMIT :rows) t
            ORDER BY t.auth_token
            """.formatted(TokenSql.isHash("t.auth_token")));

    /** As far as the database can tell by itself: of a hash it does not know in whose row the token stands. */
    private static final String STANDS_NOWHERE = """
            NOT EXISTS (SELECT 1 FROM users WHERE auth_token = :token)
              AND NOT EXISTS (SELECT 1 FROM user_sessions WHERE auth_token IN (:token, :hash))
            """;

    private static final Sql MARK = Sql.of("note that a token stands nowhere", """
            INSERT INTO multisession_absent_tokens (token_hash, since)
            SELECT :hash, :now WHERE %s
            ON CONFLICT (token_hash) DO UPDATE SET since = excluded.since
            """.formatted(STANDS_NOWHERE));

    private static final Sql UNMARK = Sql.of(
            "forget since when a token stands nowhere",
            "DELETE FROM multisession_absent_tokens WHERE token_hash = :hash");

    private static final Sql FORGET = Sql.of("forget a token that has ended", """
            DELETE FROM multisession_tokens WHERE auth_token = :token AND ended_at IS NOT NULL AND %s
            """.formatted(STANDS_NOWHERE));

    /**
     * A look for all ended tokens.
     *
     * @param schema what the schema was like when it began
     * @param absentFrom the earliest time since when a token can count as absent
     */
    public record Look(Instant begun, String schema, Instant absentFrom) {}

    /**
     * A token that has ended.
     *
     * @param since when it has stood nowhere; null if nobody has noted that
     */
    public record Ended(StoredToken token, @Nullable Instant since) {}

    /**
     * Some of all tokens.
     *
     * @param ended those that have ended
     * @param last the token behind which the next page begins; null after the last page
     */
    public record Page(List<Ended> ended, @Nullable String last) {}

    /** A column that holds the tokens of devices. */
    public enum Column {
        OF_USERS,
        OF_SESSIONS
    }

    private final StateDao state;

    public EndedTokenDao(StateDao state) {
        this.state = state;
    }

    /** When the latest look began that went to its end; null if there was none. */
    public @Nullable Instant lastLook(Handle handle) {
        return SqlTime.parse(state.get(handle, LOOKED));
    }

    /**
     * A table of the team's like {@code users} or {@code user_sessions}, which may yet be put in the place of the one; null
     * if there is none.
     */
    public @Nullable String copy(Handle handle) {
        return handle.query(COPY).optional(row -> row.requiredText("name")).orElse(null);
    }

    /** Begins a look, in a transaction that the guard has admitted; none if something may hide a token now. */
    public Optional<Look> begin(Transaction transaction, Instant now) {
        Schema found = transaction
                .query(SCHEMA)
                .one(row -> new Schema(row.requiredText("state"), row.requiredText("users"), row.flag("is_settled")));
        return found.isSettled()
                ? Optional.of(new Look(now, found.state(), absentFrom(transaction, found.users(), now)))
                : Optional.empty();
    }

    private record Schema(String state, String users, boolean isSettled) {}

    /** It begins anew when the table users was rebuilt, and when nobody has looked for long. */
    private Instant absentFrom(Transaction transaction, String users, Instant now) {
        String told = state.get(transaction, ABSENT_FROM);
        int bar = told == null ? -1 : told.indexOf('|');
        Instant from = told == null || bar < 0 ? null : SqlTime.parse(told.substring(0, bar));
        Instant last = lastLook(transaction);
        if (told != null
                && from != null
                && !from.isAfter(now)
                && told.substring(bar + 1).equals(users)
                && last != null
                && !last.plus(LONGEST_GAP).isBefore(now)) {
            return from;
        }
        state.put(transaction, ABSENT_FROM, SqlTime.format(now) + "|" + users, now);
        return now;
    }

    /** Whether nobody has changed what the look rests on. */
    public boolean counts(Transaction transaction, Look look) {
        return transaction
                .query(SAME_SCHEMA)
                .one(row -> row.requiredText("state"))
                .equals(look.schema());
    }

    /** Notes that a look went to its end. */
    public void end(Transaction transaction, Look look) {
        state.put(transaction, LOOKED, SqlTime.format(look.begun()), look.begun());
    }

    /** As many as there are tokens at the most, and more where ids were not given out one after another. */
    public long mostTokens(Handle handle) {
        return handle.query(SIZE).one(row -> {
            try {
                return Math.addExact(
                        Math.subtractExact(row.number("last_user"), row.number("first_user")),
                        Math.addExact(2, Math.subtractExact(row.number("last_session"), row.number("first_session"))));
            } catch (ArithmeticException e) {
                return Long.MAX_VALUE;
            }
        });
    }

    /**
     * Passes on the tokens of a column behind one, from the beginning for an empty text, at most so many and those that
     * sort as the last of them; returns the token behind which the next page begins, or null after the last page.
     */
    public @Nullable String standing(
            Handle handle, Column column, String last, int rows, Consumer<StoredToken> action) {
        boolean isOfUsers = column == Column.OF_USERS;
        int[] seen = {0};
        String[] latest = {last};
        boolean[] isText = {true};
        handle.query(isOfUsers ? OF_USERS : OF_SESSIONS)
                .bind("last", last)
                .bind("rows", rows)
                .forEach(row -> {
                    seen[0]++;
                    isText[0] = row.isText("auth_token");
                    if (isText[0]) {
                        latest[0] = row.requiredText("auth_token");
                        action.accept(new StoredToken(latest[0]));
                    }
                });
        // Behind all texts are blobs, which are no tokens of anybody.
        if (seen[0] < rows || !isText[0]) {
            return null;
        }
        handle.query(isOfUsers ? SAME_OF_USERS : SAME_OF_SESSIONS)
                .bind("last", latest[0])
                .forEach(row -> action.accept(new StoredToken(row.requiredText("auth_token"))));
        return latest[0];
    }

    /** The tokens behind one that have ended; from the beginning for an empty text. */
    public Page ended(Handle handle, String last, int rows) {
        List<Ended> ended = new ArrayList<>();
        int[] seen = {0};
        @Nullable String[] latest = {null};
        handle.query(ENDED_PAGE).bind("last", last).bind("rows", rows).forEach(row -> {
            seen[0]++;
            latest[0] = row.isText("auth_token") ? row.requiredText("auth_token") : null;
            if (latest[0] != null && row.flag("has_ended")) {
                ended.add(new Ended(new StoredToken(latest[0]), row.instant("since")));
            }
        });
        return new Page(ended, seen[0] < rows ? null : latest[0]);
    }

    /** Notes that a token stands nowhere from now on, unless it is found. */
    public void mark(Transaction transaction, StoredToken token, Instant now) {
        transaction
                .update(MARK)
                .bind("hash", token.hash())
                .bind("token", token.text())
                .bind("now", now)
                .run();
    }

    /** Notes that it is not known any more since when a token stands nowhere. */
    public void unmark(Transaction transaction, StoredToken token) {
        transaction.update(UNMARK).bind("hash", token.hash()).run();
    }

    /** Forgets a token, unless it is found or has not ended; returns whether it did. */
    public boolean forget(Transaction transaction, StoredToken token) {
        boolean isForgotten = transaction
                        .update(FORGET)
                        .bind("token", token.text())
                        .bind("hash", token.hash())
                        .run()
                == 1;
        unmark(transaction, token);
        return isForgotten;
    }
}
