package org.multisession.auth;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.session.Throttle;

/**
 * Keeps count of sessions and of users on each side of the move, so that nobody who asks has to count. Walks through the
 * tables in short looks with rests in between, which nobody else waits for. {@link #run} is for one thread.
 */
public final class Census {

    private static final int PAGE = 2_000;

    /**
     * The result of a walk.
     *
     * @param sessions that have not ended
     * @param usersMoved users with such a session
     * @param usersLegacy users with a legacy token that opens their account
     */
    public record Count(long sessions, long usersMoved, long usersLegacy) {}

    /** Reads a page of one table. */
    private interface Pages {
        CensusDao.Page next(Handle handle, long last);
    }

    private final Database database;
    private final CensusDao dao;
    private final Throttle throttle;
    private volatile @Nullable Count latest;

    Census(Database database, CensusDao dao, Throttle throttle) {
        this.database = database;
        this.dao = dao;
        this.throttle = throttle;
    }

    /** The result of the latest complete walk; empty before the first one. */
    public Optional<Count> latest() {
        return Optional.ofNullable(latest);
    }

    /** Walks through both tables, unless it is told to stop. */
    public void run() {
        boolean hasHashes = database.read(dao::hasHashes);
        long[] sessions = sum((handle, last) -> dao.sessions(handle, last, PAGE, hasHashes));
        long[] users = sum((handle, last) -> dao.users(handle, last, PAGE, hasHashes));
        if (sessions.length > 0 && users.length > 0) {
            latest = new Count(sessions[0], users[0], users[1]);
        }
    }

    /** Both counts over all pages; none if stopped on the way. */
    private long[] sum(Pages pages) {
        long[] sum = {0, 0};
        long last = Long.MIN_VALUE;
        while (true) {
            long from = last;
            CensusDao.Page page = database.read(handle -> pages.next(handle, from));
            sum[0] += page.first();
            sum[1] += page.second();
            last = page.last();
            if (page.seen() < PAGE) {
                return sum;
            }
            if (!throttle.goesOn()) {
                return new long[0];
            }
        }
    }
}
