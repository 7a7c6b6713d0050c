package org.multisession.session;

import java.util.Locale;

/** How far the move from one token per user to many sessions is. Each stage can be left for the next, and back. */
public enum Stage {
    /** The old app runs beside this one, or may have to come back. */
    COEXIST,
    /** The old app is gone: the database holds only hashes of tokens, and {@code users} is no longer written. */
    SETTLE,
    /** The last legacy cookie has been replaced: legacy tokens are refused. */
    RETIRE;

    /** Whether a session's row holds the token itself, for the old app to read. */
    public boolean storesPlainTokens() {
        return this == COEXIST;
    }

    /** Whether a sign-in sets {@code users.auth_token}, so that the old app accepts it too. */
    public boolean mirrors() {
        return this == COEXIST;
    }

    /** Its name in settings and in the database. */
    public String stored() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean acceptsLegacyTokens() {
        return this != RETIRE;
    }
}
