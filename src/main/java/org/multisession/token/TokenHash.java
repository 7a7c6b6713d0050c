package org.multisession.token;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.regex.Pattern;
import org.multisession.db.Database;

/**
 * The form in which a token can lie in a database without being worth anything to who reads it: {@code sha256:} and the
 * SHA-256 of its UTF-8 bytes in base64url without padding, 50 characters. No salt and no slowness: tokens of ours are 256
 * random bits, which nobody guesses.
 *
 * <p>In SQL the same is the function {@code multisession_hash(text)}, on every connection of {@link Database}.
 */
public final class TokenHash {

    private static final String PREFIX = "sha256:";
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
    private static final Pattern SHAPE = Pattern.compile(PREFIX + "[0-9A-Za-z_-]{43}");

    private TokenHash() {}

    public static String of(String token) {
        return of(token, sha256());
    }

    /** The same by a digest of the caller's, for whoever hashes many. */
    public static String of(String token, MessageDigest sha256) {
        return PREFIX + BASE64.encodeToString(sha256.digest(token.getBytes(StandardCharsets.UTF_8)));
    }

    /** A digest for {@link #of(String, MessageDigest)}; one thread at a time may use it. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Whether this text has the shape of a hash, and is therefore no token that anybody may present. */
    public static boolean isOne(String text) {
        return text.startsWith(PREFIX) && SHAPE.matcher(text).matches();
    }
}
