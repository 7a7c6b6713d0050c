package org.multisession.token;

/**
 * A token as a session's row has it: itself, or from stage {@code settle} on its hash. As text it is only dots, because
 * it may be the token.
 *
 * @param text what stands in {@code auth_token}
 */
public record StoredToken(String text) {

    /** The token's hash, whichever of the two the row has. */
    public String hash() {
        return TokenHash.isOne(text) ? text : TokenHash.of(text);
    }

    @Override
    public String toString() {
        return "•••";
    }
}
