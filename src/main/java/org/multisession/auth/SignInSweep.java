package org.multisession.auth;

import java.util.List;
import org.multisession.db.Database;
import org.multisession.session.SignInDao;

/**
 * Forgets the sign-ins of sessions that somebody else has ended: the old app, or whoever deletes a user. They count for
 * nothing, but would stay for ever. Walks through the table a stretch at a time; pages are read without a lock, and what
 * has ended never lives again. Not for use by several threads.
 */
public final class SignInSweep {

    private static final int PAGE = 200;
    private static final int MAX_PAGES = 50;

    private final Database database;
    private final SignInDao signIns;

    /** The hash behind which the next stretch begins; empty for the beginning. */
    private String last = "";

    SignInSweep(Database database, SignInDao signIns) {
        this.database = database;
        this.signIns = signIns;
    }

    /** Sweeps the next stretch. */
    public void run() {
        for (int pages = 0; pages < MAX_PAGES; pages++) {
            String from = last;
            SignInDao.Page page = database.read(handle -> signIns.after(handle, from, PAGE));
            forget(page.ended());
            last = page.last() == null ? "" : page.last();
            if (last.isEmpty()) {
                return;
            }
        }
    }

    private void forget(List<String> ended) {
        if (!ended.isEmpty()) {
            database.execute(transaction -> ended.forEach(hash -> signIns.end(transaction, hash)));
        }
    }
}
