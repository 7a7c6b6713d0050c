package org.multisession.session;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;
import org.multisession.token.SessionId;
import org.multisession.token.StoredToken;
import org.multisession.user.User;

/**
 * A live row of {@code user_sessions} with its user. The times are as in the row, and may be odd or missing: the old
 * app writes rows too.
 */
public final class UserSession {

    /** What is further ahead cannot be true; what is less may be a wrong clock, or a local time written as UTC. */
    static final Duration AHEAD = Duration.ofDays(1);

    private final User user;
    private final StoredToken token;
    private final @Nullable String storedLastSeenAt;
    private final @Nullable Instant createdAt;
    private final @Nullable Instant lastSeenAt;
    private final Instant recordedAt;
    private final @Nullable Instant provedAt;
    private final boolean mayHaveLaterSignIns;

    /** The same for each who asks, so it does not matter whose is kept. */
    private volatile @Nullable SessionId id;

    /**
     * One whose sign-in was not looked up.
     *
     * @param recordedAt when our tables first knew the token; the clocks of an older session start here
     */
    public UserSession(
            User user,
            StoredToken token,
            @Nullable String storedCreatedAt,
            @Nullable String storedLastSeenAt,
            Instant recordedAt) {
        this(user, token, storedCreatedAt, storedLastSeenAt, recordedAt, null, false);
    }

    /**
     * The same with what is known of its sign-in.
     *
     * @param storedProvedAt when its user last proved on this device who they are; null if never here
     * @param mayHaveLaterSignIns whether another of the user's devices signed in later; also true where only a further
     *     look would tell
     */
    UserSession(
            User user,
            StoredToken token,
            @Nullable String storedCreatedAt,
            @Nullable String storedLastSeenAt,
            Instant recordedAt,
            @Nullable String storedProvedAt,
            boolean mayHaveLaterSignIns) {
        this.provedAt = SqlTime.parse(storedProvedAt);
        this.mayHaveLaterSignIns = mayHaveLaterSignIns;
        this.user = user;
        this.token = token;
        this.storedLastSeenAt = storedLastSeenAt;
        this.createdAt = SqlTime.parse(storedCreatedAt);
        this.lastSeenAt = SqlTime.parse(storedLastSeenAt);
        this.recordedAt = recordedAt;
    }

    public User user() {
        return user;
    }

    public StoredToken token() {
        return token;
    }

    /** Its public id. */
    public SessionId id() {
        SessionId known = id;
        if (known == null) {
            known = SessionId.of(token.hash());
            id = known;
        }
        return known;
    }

    /** When the user last proved on this device who they are; null if never here, or if it was not looked up. */
    public @Nullable Instant provedAt() {
        return provedAt;
    }

    /**
     * Whether another of the user's devices signed in later; also true where only a further look would tell, and false if
     * its sign-in was not looked up.
     */
    public boolean mayHaveLaterSignIns() {
        return mayHaveLaterSignIns;
    }

    public @Nullable Instant createdAt() {
        return createdAt;
    }

    public @Nullable Instant lastSeenAt() {
        return lastSeenAt;
    }

    /** The text of the row. */
    public @Nullable String storedLastSeenAt() {
        return storedLastSeenAt;
    }

    /** When our tables first knew the token. */
    public Instant recordedAt() {
        return recordedAt;
    }

    /** When the lifetime began. */
    public Instant startedAt(Instant now) {
        return laterOf(createdAt, now);
    }

    /** When it was last used, as far as its clock goes. */
    public Instant lastActiveAt(Instant now) {
        return laterOf(lastSeenAt, now);
    }

    /** Whether our own tables claim to have known it first in such a future: a clock was wrong then. */
    public boolean isRecordedAhead(Instant now) {
        return isAbsurd(recordedAt, now);
    }

    /** A time in the future is ignored; if none is left, the clock starts when that is noticed. */
    private Instant laterOf(@Nullable Instant stored, Instant now) {
        Instant known = isRecordedAhead(now) ? null : recordedAt;
        if (stored == null || isAbsurd(stored, now)) {
            return known == null ? now : known;
        }
        return known != null && stored.isBefore(known) ? known : stored;
    }

    private static boolean isAbsurd(Instant stored, Instant now) {
        return stored.getEpochSecond() > now.getEpochSecond() + AHEAD.toSeconds();
    }
}
