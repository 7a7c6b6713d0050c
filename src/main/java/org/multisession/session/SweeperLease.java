package org.multisession.session;

import java.time.Duration;
import java.time.InstantSource;
import org.multisession.db.Database;

/**
 * Whose turn it is to sweep. A node keeps the turn by taking it again, and loses it by not doing so for a while: a node
 * that was killed holds nothing up. Two that sweep at once, which a clock that is off could bring about, do no harm.
 */
public final class SweeperLease {

    private static final Duration LAPSE = Duration.ofMinutes(10);

    private final Database database;
    private final StateDao state;
    private final String node;
    private final InstantSource clock;

    /** For the node of this name, which no other has. */
    public SweeperLease(Database database, StateDao state, String node, InstantSource clock) {
        this.database = database;
        this.state = state;
        this.node = node;
        this.clock = clock;
    }

    /** Takes the turn, if no other node has it. */
    public boolean take() {
        return database.write(transaction -> state.take(transaction, StateDao.SWEEPER, node, LAPSE, clock.instant()));
    }
}
