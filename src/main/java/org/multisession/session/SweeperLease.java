package org.multisession.session;

import java.time.Duration;
import java.time.InstantSource;
import org.multisession.db.Database;

/**
 * The lease for sweeping. A node keeps it by renewing it, and loses it by not doing so for a while, so a killed node
 * blocks nothing. If a wrong clock makes two nodes sweep at once, they do no harm.
 */
public final class SweeperLease {

    private static final Duration LAPSE = Duration.ofMinutes(10);

    private final Database database;
    private final StateDao state;
    private final String node;
    private final InstantSource clock;

    /** For the node with this unique name. */
    public SweeperLease(Database database, StateDao state, String node, InstantSource clock) {
        this.database = database;
        this.state = state;
        this.node = node;
        this.clock = clock;
    }

    /** Takes or renews the lease, if no other node has it. */
    public boolean take() {
        return database.write(transaction -> state.take(transaction, StateDao.SWEEPER, node, LAPSE, clock.instant()));
    }
}
