package org.multisession.token;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * The public id of a session: 22 characters that stay the same for as long as it lives, in every stage, and reveal
 * nothing of its token, of the token's hash or of a row id.
 */
public record SessionId(String text) {

    private static final int BYTES = 16;

    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{22}");

    /** The id of the session whose token has this hash. */
    public static SessionId of(String tokenHash) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(("handle of " + tokenHash).getBytes(StandardCharsets.UTF_8));
            return new SessionId(Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(digest, BYTES)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Whether this text has the form of an id, whoever's. */
    public static boolean isWellFormed(String text) {
        return FORM.matcher(text).matches();
    }

    @Override
    public String toString() {
        return text;
    }
}
