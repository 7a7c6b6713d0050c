package org.multisession.session;

import java.util.List;
import org.multisession.db.Database;
import org.multisession.db.TokenHash;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts hashes in the place of tokens, from stage {@code settle} on: at a deploy, and again every few minutes, since an old
 * app or another node may still write tokens. Page by page, each a short transaction in which a session's rows change together: at every moment every session is there in one of its two forms,
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
        String last = "";
        List<String> page;
        do {
            String from = last;
            page = database.read(handle -> dao.after(handle, from, PAGE));
            hashed += hash(page);
            last = page.isEmpty() ? last : page.get(page.size() - 1);
        } while (page.size() == PAGE);
        if (hashed > 0) {
            log.info("Stage: {} tokens lie in the database as hashes now; their sessions live on", hashed);
        }
        return hashed;
    }

    private int hash(List<String> page) {
        List<String> plain =
                page.stream().filter(token -> !TokenHash.isOne(token)).toList();
        if (plain.isEmpty()) {
            return 0;
        }
        return database.write(transaction -> {
            int hashed = 0;
            for (String token : plain) {
                hashed += dao.hash(transaction, token) ? 1 : 0;
            }
            return hashed;
        });
    }
}
