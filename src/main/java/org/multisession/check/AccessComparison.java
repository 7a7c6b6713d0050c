package org.multisession.check;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;
import org.multisession.db.SqlTime;
import org.multisession.migration.DryRun;
import org.multisession.migration.Progress;
import org.multisession.migration.Step;
import org.multisession.session.UserSession;
import org.multisession.token.CookieValue;
import org.multisession.token.SessionToken;
import org.multisession.token.StoredToken;
import org.multisession.user.User;

/**
 * Compares, for every token of a database on which a deploy has been played, or of the copies of a {@link DryRun}, which
 * account the old app opens with it and which one we open.
 *
 * <p>The old app takes the first row of {@code users} that has the token; in its multi-session form it looks in {@code
 * user_sessions} first. We apply the rules of {@code auth.Authenticator} to all tokens at once, because one look-up
 * each would take minutes for millions of tokens. A test makes sure that the two agree. All tables are read in the order
 * of the tokens, side by side: what belongs to one token then lies where the last one was found. The findings come in
 * the order of the rows.
 */
final class AccessComparison {

    /**
     * A token as a request carries it, and the accounts that it opens.
     *
     * @param before the account that the old app opens; null for none
     * @param after the account that we open
     */
    record Opening(
            SessionToken token,
            @Nullable Long before,
            @Nullable Long after) {}

    /** Numbers for the report. */
    static final class Tally {
        long users;
        long withoutToken;
        long emptyTokens;
        long unusableTokens;
        long unsendableTokens;
        long legacyTokens;
        long sameLegacyTokens;
        long changedLegacyTokens;
        long sessions;
        long mirroredSessions;
        long hashedSessions;
        long sessionsOfTheOldApp;
        long sameSessions;
        long changedSessions;
        long sessionsOnlyHere;
        long sessionsWithoutEffect;
    }

    /** A token's text, or its hash if that is known: then only the hash counts. */
    private static final String KNOWN_FORM = """
            coalesce(
              (SELECT k.auth_token FROM multisession_tokens k
               WHERE k.auth_token = multisession_hash(CAST(%1$s.auth_token AS TEXT))),
              CAST(%1$s.auth_token AS TEXT))
            """;

    /** Where no hash is known, so that none need be reckoned and looked for, a million times over. */
    private static final String PLAIN_FORM = "CAST(%1$s.auth_token AS TEXT)";

    // The columns of OF_USERS and OF_SESSIONS. From the sixth on they are those of FoundToken.
    private static final int ID = 1;
    private static final int TOKEN = 2;
    private static final int TOKEN_AS_TEXT = 3;
    private static final int IS_WHAT_ITS_TEXT_SAYS = 4;

    /** How many users have the token; two stands for more. */
    private static final int USERS_HOLDERS = 5;

    private static final int USERS_PLACE = 18;

    /** Whether the token is a legacy token as well; NULL where no user has it. */
    private static final int SESSIONS_IS_LEGACY = 5;

    private static final int SESSIONS_TYPE_OF_CREATED_AT = 18;
    private static final int SESSIONS_TYPE_OF_LAST_SEEN_AT = 19;

    /** A unary plus removes the type of an expression, so that it compares like a bound value. */
    private static final String OF_USERS = """
            SELECT u.id, u.auth_token, CAST(u.auth_token AS TEXT), u.auth_token = +CAST(u.auth_token AS TEXT),
              (SELECT count(*) FROM (SELECT 1 FROM users h WHERE h.auth_token = u.auth_token LIMIT 2)),
              s.id, s.user_id, owner.id, s.created_at, s.last_seen_at,
              t.user_id, t.recorded_at, t.ended_at, t.end_reason, {had ended}, t.auth_token IS NOT NULL,
              t.auth_token <> CAST(u.auth_token AS TEXT), u.{place}
            FROM users u
            LEFT JOIN user_sessions s ON s.auth_token = +{form}
            LEFT JOIN users owner ON owner.id = s.user_id
            LEFT JOIN multisession_tokens t ON t.auth_token = {form}
            ORDER BY u.auth_token
            """;

    private static final String OF_SESSIONS = """
            SELECT s.id, s.auth_token, CAST(s.auth_token AS TEXT), s.auth_token = +CAST(s.auth_token AS TEXT),
              (SELECT max(CAST(h.auth_token AS TEXT) = CAST(s.auth_token AS TEXT) COLLATE BINARY) FROM users h
                WHERE h.auth_token = +CAST(s.auth_token AS TEXT)),
              s.id, s.user_id, owner.id, s.created_at, s.last_seen_at,
              t.user_id, t.recorded_at, t.ended_at, t.end_reason, {had ended}, t.auth_token IS NOT NULL,
              t.auth_token <> CAST(s.auth_token AS TEXT), typeof(s.created_at), typeof(s.last_seen_at)
            FROM user_sessions s
            LEFT JOIN users owner ON owner.id = s.user_id
            LEFT JOIN multisession_tokens t ON t.auth_token = {form}
            ORDER BY s.auth_token
            """;

    private static final String HELD_BY_ANOTHER = """
            SELECT 1 FROM users WHERE auth_token = ? AND id <> ?
            UNION ALL SELECT 1 FROM user_sessions WHERE auth_token = ? AND user_id <> ?
            LIMIT 1
            """;

    private static final String FIRST_HOLDER =
            "SELECT h.id FROM users h WHERE h.auth_token = ? ORDER BY h.{place} LIMIT 1";

    private static final String FIRST_WITH_TOKEN_OF = """
            SELECT h.id FROM users h WHERE h.auth_token = (SELECT u.auth_token FROM users u WHERE u.id = ?)
            ORDER BY h.{place} LIMIT 1
            """;

    private static final String HOLDERS = """
            SELECT h.id FROM users h WHERE h.auth_token = (SELECT u.auth_token FROM users u WHERE u.id = ?)
            ORDER BY h.{place}
            """;

    /** Of the few that have ended. */
    private static final String HAD_ENDED = """
            CASE WHEN t.ended_at IS NOT NULL
              THEN EXISTS (SELECT 1 FROM ended_before e WHERE e.auth_token = t.auth_token) END""";

    /** A finding, and where its row lies in the table. */
    private record Noted(long place, Fault fault, Row row) {}

    private final DryRun rehearsal;
    private final CheckRules rules;
    private final Instant now;
    private final Findings findings;
    private final Progress progress;
    private final Consumer<Opening> listener;
    private final Tally tally = new Tally();
    private final List<Noted> noted = new ArrayList<>();
    private long place;

    AccessComparison(
            DryRun rehearsal,
            CheckRules rules,
            Instant now,
            Findings findings,
            Progress progress,
            Consumer<Opening> listener) {
        this.rehearsal = rehearsal;
        this.rules = rules;
        this.now = now;
        this.findings = findings;
        this.progress = progress;
        this.listener = listener;
    }

    Tally read(Handle handle) throws SQLException {
        String form = DryRun.hasHashes(handle) ? KNOWN_FORM : PLAIN_FORM;
        Step users = new Step(progress, "checking what every legacy token opens", DryRun.rows(handle, "users"));
        try (PreparedStatement statement = handle.prepare(inFull(OF_USERS, form.formatted("u")));
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                tally.users++;
                users.at(tally.users);
                place = row.getLong(USERS_PLACE);
                legacyToken(handle, row);
            }
        }
        tellInOrder();
        users.end();
        Step sessions = new Step(progress, "checking what every session opens", DryRun.rows(handle, "user_sessions"));
        try (PreparedStatement statement = handle.prepare(inFull(OF_SESSIONS, form.formatted("s")));
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                tally.sessions++;
                sessions.at(tally.sessions);
                place = row.getLong(ID);
                session(handle, row);
            }
        }
        tellInOrder();
        sessions.end();
        return tally;
    }

    private String inFull(String sql, String form) {
        return sql.replace("{form}", form).replace("{place}", rehearsal.place()).replace("{had ended}", HAD_ENDED);
    }

    private void note(Fault fault, Row row) {
        noted.add(new Noted(place, fault, row));
    }

    private void tellInOrder() {
        noted.sort(Comparator.comparingLong(Noted::place));
        noted.forEach(each -> findings.add(each.fault(), each.row()));
        noted.clear();
    }

    private void legacyToken(Handle handle, ResultSet row) throws SQLException {
        long userId = row.getLong(ID);
        Object stored = row.getObject(TOKEN);
        if (stored == null) {
            tally.withoutToken++;
            return;
        }
        if (stored instanceof byte[] || !row.getBoolean(IS_WHAT_ITS_TEXT_SAYS)) {
            tally.unusableTokens++;
            note(Fault.BINARY_TOKEN, Row.user(userId));
            return;
        }
        TokenText text = new TokenText(textOf(stored, row));
        if (text.text().isEmpty()) {
            tally.emptyTokens++;
            note(Fault.EMPTY_TOKEN, Row.user(userId));
            return;
        }
        if (!(stored instanceof String)) {
            note(Fault.NUMBER_TOKEN, Row.user(userId));
        }
        FoundToken found = FoundToken.of(row, text);
        describe(text, Row.user(userId));
        if (spellsTokenOfAnother(handle, text, userId)) {
            note(Fault.TOKEN_SPELLS_ANOTHER, Row.user(userId));
        }
        boolean isShared = row.getInt(USERS_HOLDERS) > 1;
        long first = isShared ? first(handle, FIRST_WITH_TOKEN_OF, userId) : userId;
        boolean oldAppFindsSession = rehearsal.hasSessionsOfTheOldApp() && found.ownerExists() && !found.isHashed();
        Long before = oldAppFindsSession ? Long.valueOf(found.ownerId()) : first;
        Long after = after(found, isShared || !rules.stage().acceptsLegacyTokens() ? null : first);
        listener.accept(new Opening(new SessionToken(text.text()), before, after));
        if (!text.canTravel()) {
            tally.unsendableTokens++;
            return;
        }
        tally.legacyTokens++;
        if (!before.equals(after) || text.isTooLongForAHeader()) {
            tally.changedLegacyTokens++;
        }
        if (text.isTooLongForAHeader()) {
            note(Fault.TOKEN_TOO_LONG_FOR_A_HEADER, Row.user(userId));
        } else if (before.equals(after)) {
            tally.sameLegacyTokens++;
            if (before != userId) {
                note(Fault.TOKEN_OF_ANOTHER, found.row(userId));
            }
        } else if (after != null) {
            note(Fault.OTHER_ACCOUNT, found.row(userId));
        } else {
            leftOut(handle, userId, first, isShared, found);
        }
    }

    private void leftOut(Handle handle, long userId, long first, boolean isShared, FoundToken found)
            throws SQLException {
        Fault fault = fault(found);
        if (fault == Fault.LEFT_OUT && isShared) {
            // Reported once for all users who have it.
            if (userId == first) {
                note(Fault.SHARED_TOKEN, Row.users(holders(handle, userId), null));
            }
        } else if (fault == Fault.LEFT_OUT
                && !found.isIssued()
                && !rules.stage().acceptsLegacyTokens()) {
            note(Fault.LEGACY_REFUSED, Row.user(userId));
        } else {
            note(fault, found.row(userId));
        }
    }

    private void session(Handle handle, ResultSet row) throws SQLException {
        Object stored = row.getObject(TOKEN);
        FoundToken found = FoundToken.of(row, new TokenText(textOf(stored, row)));
        Row here = found.sessionRow(null);
        times(row, found);
        if (!found.ownerExists()) {
            note(Fault.ORPHAN_SESSION, here);
        }
        if (stored instanceof byte[] || !row.getBoolean(IS_WHAT_ITS_TEXT_SAYS)) {
            tally.sessionsWithoutEffect++;
            note(Fault.BINARY_TOKEN, here);
            return;
        }
        TokenText text = found.text();
        if (text.text().isEmpty()) {
            tally.sessionsWithoutEffect++;
            note(Fault.EMPTY_TOKEN, here);
            return;
        }
        if (text.looksLikeAHash() && rehearsal.wasMigrated() && found.isIssued()) {
            // A stage has hashed it: the device has the token.
            tally.hashedSessions++;
            return;
        }
        // A numeric or case-insensitive column of users matches more than it holds.
        Object isLegacy = row.getObject(SESSIONS_IS_LEGACY);
        if (isLegacy != null && row.getBoolean(SESSIONS_IS_LEGACY)) {
            // It was already checked as a legacy token.
            tally.mirroredSessions++;
            return;
        }
        describe(text, here);
        if (spellsTokenOfAnother(handle, text, found.ownerId())) {
            note(Fault.TOKEN_SPELLS_ANOTHER, here);
        }
        Long legacy = isLegacy == null ? null : first(handle, FIRST_HOLDER, text.text());
        Long before =
                rehearsal.hasSessionsOfTheOldApp() && found.ownerExists() ? Long.valueOf(found.ownerId()) : legacy;
        Long after = after(found, null);
        listener.accept(new Opening(new SessionToken(text.text()), before, after));
        if (!text.canTravel() || (before == null && after == null)) {
            tally.sessionsWithoutEffect++;
            return;
        }
        if (before == null) {
            tally.sessionsOnlyHere++;
            return;
        }
        tally.sessionsOfTheOldApp++;
        if (!before.equals(after) || text.isTooLongForAHeader()) {
            tally.changedSessions++;
        }
        if (text.isTooLongForAHeader()) {
            note(Fault.TOKEN_TOO_LONG_FOR_A_HEADER, here);
        } else if (before.equals(after)) {
            tally.sameSessions++;
        } else {
            note(after == null ? fault(found) : Fault.OTHER_ACCOUNT, here);
        }
    }

    /** A token as text; it is read once where it is text already, as nearly all are. */
    private static String textOf(@Nullable Object stored, ResultSet row) throws SQLException {
        return stored instanceof String text ? text : Objects.requireNonNullElse(row.getString(TOKEN_AS_TEXT), "");
    }

    /** The account that we open, by the rules of the Authenticator. */
    private @Nullable Long after(FoundToken found, @Nullable Long legacy) {
        if (found.text().looksLikeAHash()) {
            return null;
        }
        if (!found.isIssued()) {
            return legacy;
        }
        return found.isLive() && !hasRunOut(found) ? Long.valueOf(found.ownerId()) : null;
    }

    private boolean hasRunOut(FoundToken found) {
        UserSession session = new UserSession(
                new User(found.ownerId(), null, null),
                new StoredToken(found.text().text()),
                found.createdAt(),
                found.lastSeenAt(),
                Objects.requireNonNullElse(SqlTime.parse(found.recordedAt()), Instant.EPOCH));
        return rules.sessions().expiry(session, now) != null;
    }

    /** Why a token that opened an account opens none. */
    private Fault fault(FoundToken found) {
        if (found.text().looksLikeAHash()) {
            return Fault.HASH_SHAPED_TOKEN;
        }
        if (!found.isIssued()) {
            return Fault.LEFT_OUT;
        }
        if (found.hasEnded()) {
            if (!found.hadEnded() && "unwitnessed".equals(found.endReason())) {
                return Fault.UNWITNESSED;
            }
            if ("row-changed".equals(found.endReason()) && found.issuedTo() != found.ownerId()) {
                return Fault.MOVED_SESSION;
            }
            if (!found.hadEnded() && "ambiguous".equals(found.endReason())) {
                return Fault.LEFT_OUT;
            }
            return found.hadEnded() || found.sessionId() == 0 ? Fault.ENDED_TOKEN : Fault.ORPHAN_OVER_LEGACY;
        }
        return found.isLive() ? Fault.RUN_OUT : Fault.MOVED_SESSION;
    }

    /** Applies the rule of requests; a token of plain characters has only one reading and costs nothing here. */
    private static boolean spellsTokenOfAnother(Handle handle, TokenText text, long userId) throws SQLException {
        for (SessionToken reading : new CookieValue(text.text()).readings()) {
            if (!reading.value().equals(text.text()) && isHeldByAnother(handle, reading, userId)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isHeldByAnother(Handle handle, SessionToken token, long userId) throws SQLException {
        try (PreparedStatement statement = handle.prepare(HELD_BY_ANOTHER)) {
            statement.setString(1, token.value());
            statement.setLong(2, userId);
            statement.setString(3, token.value());
            statement.setLong(4, userId);
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }

    /** The findings that do not depend on whose token it is. */
    private void describe(TokenText text, Row row) {
        if (text.isShort()) {
            note(Fault.SHORT_TOKEN, row);
        }
        if (text.isOnlyDigits()) {
            note(Fault.DIGITS_ONLY_TOKEN, row);
        }
        if (text.isLongerThanDeclared()) {
            note(Fault.LONG_TOKEN, row);
        }
        if (!text.canTravel()) {
            note(Fault.UNSENDABLE_TOKEN, row);
        } else if (text.needsQuotes()) {
            note(Fault.QUOTED_TOKEN, row);
        }
    }

    private void times(ResultSet row, FoundToken found) throws SQLException {
        Set<Fault> created = StoredTime.faults(row.getString(SESSIONS_TYPE_OF_CREATED_AT), found.createdAt(), now);
        Set<Fault> lastSeen = StoredTime.faults(row.getString(SESSIONS_TYPE_OF_LAST_SEEN_AT), found.lastSeenAt(), now);
        if (created.isEmpty() && lastSeen.isEmpty()) {
            return;
        }
        Set<Fault> all = EnumSet.noneOf(Fault.class);
        all.addAll(created);
        all.addAll(lastSeen);
        for (Fault fault : all) {
            String where = !created.contains(fault)
                    ? "last_seen_at"
                    : lastSeen.contains(fault) ? "created_at and last_seen_at" : "created_at";
            note(fault, found.sessionRow(where));
        }
    }

    private long first(Handle handle, String question, Object of) throws SQLException {
        return ComposedSql.number(handle, inFull(question, ""), of);
    }

    private List<Long> holders(Handle handle, long userId) throws SQLException {
        List<Long> ids = new ArrayList<>();
        try (PreparedStatement statement = handle.prepare(inFull(HOLDERS, ""))) {
            statement.setLong(1, userId);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    ids.add(row.getLong(1));
                }
            }
        }
        return ids;
    }
}
