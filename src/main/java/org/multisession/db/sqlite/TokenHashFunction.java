package org.multisession.db.sqlite;

import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import org.multisession.token.TokenHash;
import org.sqlite.Function;

/** {@link TokenHash} for SQL on SQLite, which has no SHA-256 of its own. No trigger may use it: the old app lacks it. */
final class TokenHashFunction extends Function {

    private static final String NAME = "multisession_hash";

    /** A connection has a function of its own, and is used by one thread at a time. */
    private final MessageDigest sha256 = TokenHash.sha256();

    private TokenHashFunction() {}

    static void addTo(Connection connection) throws SQLException {
        Function.create(connection, NAME, new TokenHashFunction(), 1, FLAG_DETERMINISTIC);
    }

    @Override
    protected void xFunc() throws SQLException {
        String token = value_text(0);
        if (token == null) {
            result();
        } else {
            result(TokenHash.of(token, sha256));
        }
    }
}
