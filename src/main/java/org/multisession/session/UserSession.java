package org.multisession.session;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;
import org.multisession.user.User;

/**
 * A live row of {@code user_sessions} with its user. The times are as the row has them, which may be odd or nothing at
 * all: the old app writes rows too.
 *
 * @param recordedAt when our tables first knew the token; the clocks of an older session start here
 */
public record UserSession(
        User user,
        StoredToken token,
        @Nullable String storedCreatedAt,
        @Nullable String storedLastSeenAt,
        Instant recordedAt) {

    public @Nullable Instant createdAt() {
        return SqlTime.parse(storedCreatedAt);
    }

    public @Nullable Instant lastSeenAt() {
        return SqlTime.parse(storedLastSeenAt);
    }

    /** When the lifetime began. */
    Instant startedAt(Instant now) {
        return laterOf(createdAt(), now);
    }

    /** When it was last used, as far as its clock goes. */
    public Instant lastActiveAt(Instant now) {
        return laterOf(lastSeenAt(), now);
    }

    /** Whether the row claims to have been seen in a future that no clock error explains. */
    boolean lastSeenIsAbsurd(Instant now) {
        Instant seen = lastSeenAt();
        return seen != null && isAbsurd(seen, now);
    }

    private Instant laterOf(@Nullable Instant stored, Instant now) {
        return stored == null || isAbsurd(stored, now) || stored.isBefore(recordedAt) ? recordedAt : stored;
    }

    /** More than a day ahead; less may be a clock that is off, or a local time written as UTC. */
    private static boolean isAbsurd(Instant stored, Instant now) {
        return stored.isAfter(now.plus(1, ChronoUnit.DAYS));
    }
}
