package org.multisession.session;

import java.sql.SQLException;
import java.util.List;
import org.multisession.db.Database;
import org.multisession.db.TokenHash;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts hashes in the place of tokens, at a deploy in stage {@code settle} or later. Page by page, each a short
 * transaction in which a session's rows change together: at every moment every session is there in one of its two forms,
 * both of which are looked for, so nobody notices, and a process that is killed half-way goes on at the next deploy.
 */
public final class TokenHashing {

    private static final int PAGE = 500;

    private static final Logger log = LoggerFactory.getLogger(TokenHashing.class);

    private final Database database;
    private final TokenHashingDao dao;

    public TokenHashing(Database database, TokenHashingDao dao) {
        this.database = database;
        this.dao = dao;
    }

    /**
     * Leaves no token in plain behind in our tables or in {@code user_sessions}, whose tokens the migration has recorded
     * in ours; returns how many there were.
     */
    public int run() {
        int hashed = 0;
        Page page = new Page("", 0);
        do {
            String last = page.last();
            page = database.write(transaction -> hash(transaction, last));
            hashed += page.hashed();
        } while (!page.last().isEmpty());
        if (hashed > 0) {
            log.info("Stage: {} tokens lie in the database as hashes now; their sessions live on", hashed);
        }
        return hashed;
    }

    /** Where a page ends, or "" after the last one. */
    private record Page(String last, int hashed) {}

    private Page hash(Transaction transaction, String last) throws SQLException {
        List<String> tokens = dao.after(transaction, last, PAGE);
        int hashed = 0;
        for (String token : tokens) {
            if (!TokenHash.isOne(token)) {
                dao.hash(transaction, token);
                hashed++;
            }
        }
        return new Page(tokens.size() < PAGE ? "" : tokens.get(PAGE - 1), hashed);
    }
}
