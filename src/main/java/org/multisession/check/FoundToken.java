package org.multisession.check;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the session tables say about a token.
 *
 * @param sessionId 0 if there is no such row
 * @param ownerId the user that the row names
 * @param issuedTo the user that {@code multisession_tokens} names
 * @param isHashed whether our tables know it by its hash, so that the old app cannot see it
 */
record FoundToken(
        TokenText text,
        long sessionId,
        long ownerId,
        boolean ownerExists,
        @Nullable String createdAt,
        @Nullable String lastSeenAt,
        boolean isIssued,
        long issuedTo,
        @Nullable String recordedAt,
        boolean hasEnded,
        @Nullable String endReason,
        boolean hadEnded,
        boolean isHashed) {

    // The columns of a row of AccessComparison.
    private static final int SESSION_ID = 6;
    private static final int OWNER_ID = 7;
    private static final int OWNER = 8;
    private static final int CREATED_AT = 9;
    private static final int LAST_SEEN_AT = 10;
    private static final int ISSUED_TO = 11;
    private static final int RECORDED_AT = 12;
    private static final int ENDED_AT = 13;
    private static final int END_REASON = 14;
    private static final int HAD_ENDED = 15;
    private static final int IS_ISSUED = 16;
    private static final int IS_HASHED = 17;

    static FoundToken of(ResultSet row, TokenText text) throws SQLException {
        return new FoundToken(
                text,
                row.getLong(SESSION_ID),
                row.getLong(OWNER_ID),
                row.getObject(OWNER) != null,
                row.getString(CREATED_AT),
                row.getString(LAST_SEEN_AT),
                row.getBoolean(IS_ISSUED),
                row.getLong(ISSUED_TO),
                row.getString(RECORDED_AT),
                row.getObject(ENDED_AT) != null,
                row.getString(END_REASON),
                row.getBoolean(HAD_ENDED),
                row.getBoolean(IS_HASHED));
    }

    /** Whether both tables name the same, existing user. */
    boolean isLive() {
        return isIssued && !hasEnded && ownerExists && issuedTo == ownerId;
    }

    /** The session, as one of its user's if there is such a user. */
    Row sessionRow(@Nullable String detail) {
        return ownerExists
                ? new Row(List.of(), List.of(sessionId), ownerId, detail)
                : new Row(
                        List.of(),
                        List.of(sessionId),
                        null,
                        (detail == null ? "" : detail + ", ") + "of user " + ownerId);
    }

    Row row(long userId) {
        if (sessionId == 0) {
            return endReason == null ? Row.user(userId) : Row.user(userId, endReason);
        }
        return Row.userWithSession(userId, sessionId, ownerId);
    }
}
