package org.multisession.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;
import org.multisession.session.UserSession;
import org.multisession.user.User;

/**
 * Tells whether users have proved recently enough who they are. A stolen cookie must not be enough to sign the owner's
 * other devices out, so that needs a fresh proof: a code that was right, on this device. Who cannot get a code is not
 * asked, because nobody must be locked out of ending a stolen session. Thread-safe.
 */
public final class Freshness {

    private final @Nullable Duration freshFor;
    private final Predicate<User> canProve;
    private final InstantSource clock;

    /**
     * @param freshFor how long a proof stays fresh; null if none is ever asked for
     * @param canProve whether a code can be sent to this user
     */
    public Freshness(@Nullable Duration freshFor, Predicate<User> canProve, InstantSource clock) {
        this.freshFor = freshFor;
        this.canProve = canProve;
        this.clock = clock;
    }

    /** How long a proof stays fresh; null if none is ever asked for. */
    public @Nullable Duration freshFor() {
        return freshFor;
    }

    /** Whether the user has to prove anew who they are before they may end other devices. */
    public boolean isProofNeeded(SignedIn signedIn) {
        return freshFor != null && !isProvedWithin(signedIn, freshFor) && canProve.test(signedIn.user());
    }

    /** Whether the latest proof on this device is no older than this. */
    public boolean isProvedWithin(SignedIn signedIn, Duration age) {
        Instant proved = provedAt(signedIn);
        Instant now = clock.instant();
        // A time that lies ahead was written by a clock that was wrong.
        return proved != null && !SqlTime.isAhead(proved, now) && !proved.isBefore(now.minus(age));
    }

    /** When the user last proved on this device who they are; null if never here, as with every legacy token. */
    public static @Nullable Instant provedAt(SignedIn signedIn) {
        UserSession session = signedIn.session();
        return session == null ? null : session.provedAt();
    }
}
