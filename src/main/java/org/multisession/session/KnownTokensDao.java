package org.multisession.session;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.multisession.db.Handle;

/**
 * Tells in one statement which of many tokens the database knows at all, whatever they are worth: so junk that a request
 * carries in masses costs less than the look-up of one good token.
 */
public final class KnownTokensDao {

    private static final String KNOWN = """
            WITH presented(position, token, hash) AS (VALUES %s)
            SELECT p.position FROM presented p
            WHERE EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = p.token)
              OR EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = p.hash)
              OR EXISTS (SELECT 1 FROM users u WHERE u.auth_token = p.token)
            """;

    /** Few different statements, so that a connection may keep them. By how many tokens each takes. */
    private static final TreeMap<Integer, String> BY_SIZE = new TreeMap<>();

    static {
        for (int size : new int[] {4, 16, 4 * Presented.MOST_VALUES}) {
            BY_SIZE.put(size, KNOWN.formatted(String.join(", ", Collections.nCopies(size, "(?, ?, ?)"))));
        }
    }

    /** Those of the tokens that some row holds, itself or hashed. */
    public Set<SessionToken> among(Handle handle, List<SessionToken> tokens) throws SQLException {
        if (tokens.isEmpty()) {
            return Set.of();
        }
        var fitting = BY_SIZE.ceilingEntry(tokens.size());
        try (PreparedStatement statement = handle.prepare(fitting.getValue())) {
            // What stays unbound is NULL, and equals nothing.
            for (int i = 0; i < tokens.size(); i++) {
                statement.setInt(3 * i + 1, i);
                statement.setString(3 * i + 2, tokens.get(i).value());
                statement.setString(3 * i + 3, tokens.get(i).hash());
            }
            try (ResultSet row = statement.executeQuery()) {
                Set<Integer> positions = new HashSet<>();
                while (row.next()) {
                    positions.add(row.getInt(1));
                }
                return positions.stream().map(tokens::get).collect(Collectors.toSet());
            }
        }
    }
}
