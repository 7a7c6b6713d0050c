package org.multisession.session;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.multisession.db.Handle;
import org.multisession.db.Sql;
import org.multisession.db.Statement;
import org.multisession.token.Presented;
import org.multisession.token.SessionToken;

/**
 * Finds in one statement which of many tokens the database knows at all, so that masses of junk in a request cost less
 * than the look-up of one good token.
 */
public final class KnownTokensDao {

    private static final String KNOWN = """
            WITH presented(position, token, hash) AS (VALUES %s)
            SELECT p.position FROM presented p
            WHERE EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = p.token)
              OR EXISTS (SELECT 1 FROM multisession_tokens t WHERE t.auth_token = p.hash)
              OR EXISTS (SELECT 1 FROM users u WHERE u.auth_token = p.token)
            """;

    /** Few different statements, so that a connection can keep them, by the number of tokens that each takes. */
    private static final TreeMap<Integer, Sql> BY_SIZE = new TreeMap<>();

    static {
        for (int size : new int[] {4, 16, 4 * Presented.MAX_VALUES}) {
            String rows = IntStream.range(0, size)
                    .mapToObj(i -> "(:position" + i + ", :token" + i + ", :hash" + i + ")")
                    .collect(Collectors.joining(", "));
            BY_SIZE.put(size, Sql.of("which of " + size + " tokens are known", KNOWN.formatted(rows)));
        }
    }

    /** Those of the tokens that some row holds, itself or hashed. */
    public Set<SessionToken> among(Handle handle, List<SessionToken> tokens) {
        if (tokens.isEmpty()) {
            return Set.of();
        }
        Map.Entry<Integer, Sql> fitting = BY_SIZE.ceilingEntry(tokens.size());
        Statement.Query query = handle.query(fitting.getValue());
        for (int i = 0; i < fitting.getKey(); i++) {
            // NULL equals nothing.
            SessionToken token = i < tokens.size() ? tokens.get(i) : null;
            query.bind("position" + i, i)
                    .bind("token" + i, token == null ? null : token.value())
                    .bind("hash" + i, token == null ? null : token.hash());
        }
        return query.list(row -> tokens.get((int) row.number("position"))).stream()
                .collect(Collectors.toSet());
    }
}
