package org.multisession.token;

import java.security.SecureRandom;
import java.util.Base64;

/**
 * The secret that a device presents, as a cookie or as a bearer token. A type of its own so that it cannot reach a log,
 * a URL or a message by accident: as text it is only dots.
 */
public record SessionToken(String value) {

    private static final int BYTES = 32;

    public SessionToken {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("an empty token is nobody's");
        }
    }

    /** A new token: 256 random bits, base64url without padding, 43 characters. */
    public static SessionToken random(SecureRandom random) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return new SessionToken(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    /** What may lie in a database in its place. */
    public String hash() {
        return TokenHash.of(value);
    }

    /** Whether somebody presents a hash that was read in a database, in place of the token. */
    public boolean isAHash() {
        return TokenHash.isOne(value);
    }

    @Override
    public String toString() {
        return "•••";
    }
}
