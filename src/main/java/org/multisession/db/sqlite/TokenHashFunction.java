package org.multisession.db.sqlite;

import java.sql.Connection;
import java.sql.SQLException;
import org.multisession.token.TokenHash;
import org.sqlite.Function;

/** {@link TokenHash} for SQL on SQLite, which has no SHA-256 of its own. No trigger may use it: the old app lacks it. */
final class TokenHashFunction extends Function {

    private static final String NAME = "multisession_hash";

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
            result(TokenHash.of(token));
        }
    }
}
