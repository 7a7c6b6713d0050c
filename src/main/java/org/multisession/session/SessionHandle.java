package org.multisession.session;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/**
 * What a session is called towards its user: 22 characters that are the same as long as it lives and in every stage, and
 * that tell nothing of its token, of the token's hash or of a row id.
 */
public record SessionHandle(String text) {

    private static final int BYTES = 16;

    /** The handle of the token with this hash. */
    public static SessionHandle of(String tokenHash) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(("handle of " + tokenHash).getBytes(StandardCharsets.UTF_8));
            return new SessionHandle(
                    Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(digest, BYTES)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
