package org.multisession.otp;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;

/**
 * A row of {@code multisession_challenges}, or of {@code multisession_stranger_challenges} where no code was sent. The
 * newest code and the one before it count, each within its own life: a late message must not be in vain.
 */
record Challenge(
        String hash,
        String number,
        String codeMac,
        Instant codeExpiresAt,
        @Nullable String previousMac,
        @Nullable Instant previousExpiresAt,
        int attempts,
        Instant sentAt,
        boolean isStrangers) {

    /** Whether it has expired, or was dated by a clock that was ahead, so that its code would be valid for ever. */
    boolean isExpired(Instant now) {
        return !codeExpiresAt.isAfter(now) || SqlTime.isAhead(sentAt, now);
    }

    /** Whether this is one of the currently valid codes; takes constant time, whatever is wrong with it. */
    boolean accepts(ChallengeSecret secret, String code, Instant now) {
        byte[] mac = secret.mac(code).getBytes(StandardCharsets.UTF_8);
        boolean newest = MessageDigest.isEqual(mac, codeMac.getBytes(StandardCharsets.UTF_8));
        boolean previous = MessageDigest.isEqual(
                mac, (previousMac == null ? codeMac : previousMac).getBytes(StandardCharsets.UTF_8));
        boolean previousLives = previousExpiresAt != null && previousExpiresAt.isAfter(now);
        return (newest && !isExpired(now)) || (previous && previousLives);
    }
}
