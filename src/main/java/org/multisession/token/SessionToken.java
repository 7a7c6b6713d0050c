package org.multisession.token;

import java.security.SecureRandom;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The secret that a device presents, as a cookie or as a bearer token. A type of its own so that it cannot reach a log,
 * a URL or a message by accident: as text it is only dots.
 */
public final class SessionToken {

    private static final int BYTES = 32;

    private final String value;

    /** The same for each who asks, so it does not matter whose is kept. */
    private volatile @Nullable String hash;

    public SessionToken(String value) {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("an empty token is nobody's");
        }
        this.value = value;
    }

    public String value() {
        return value;
    }

    /** A new token: 256 random bits, base64url without padding, 43 characters. */
    public static SessionToken random(SecureRandom random) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return new SessionToken(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    /** What may lie in a database in its place. */
    public String hash() {
        String known = hash;
        if (known == null) {
            known = TokenHash.of(value);
            hash = known;
        }
        return known;
    }

    /** Whether somebody presents a hash that was read in a database, in place of the token. */
    public boolean isAHash() {
        return TokenHash.isOne(value);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SessionToken token && token.value.equals(value);
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    @Override
    public String toString() {
        return "•••";
    }
}
