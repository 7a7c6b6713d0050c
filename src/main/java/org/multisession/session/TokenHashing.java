package org.multisession.session;

import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Halves;
import org.multisession.token.StoredToken;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces tokens with their hashes, from stage {@code settle} on: at a deploy, and again every few minutes, since an
 * old app or another node may still write tokens. Some at a time, in a short transaction in which the rows of a session
 * change together. So every session is there at any moment in one of its two forms, both of which are looked for;
 * nobody notices, and what was stopped or killed half-way goes on another time. A row that a trigger of the team's does
 * not let change keeps its token, and keeps no other from being hashed.
 */
public final class TokenHashing {

    /** Nobody who waits for the lock notices that. */
    private static final long GOAL_NANOS = TimeUnit.MILLISECONDS.toNanos(120);

    private static final int FIRST_BATCH = 200;
    private static final int MIN_BATCH = 20;
    private static final int MAX_BATCH = 1000;

    /** How many users are named whose tokens the database refuses to change. */
    private static final int MAX_NAMED = 10;

    private static final Logger log = LoggerFactory.getLogger(TokenHashing.class);

    private final Database database;
    private final TokenHashingDao dao;
    private final StateDao state;
    private final Throttle throttle;
    private final LongSupplier nanoTime;

    public TokenHashing(Database database, TokenHashingDao dao, StateDao state, Throttle throttle) {
        this(database, dao, state, throttle, System::nanoTime);
    }

    /** One that learns by this clock how many tokens fit a short transaction. */
    public TokenHashing(
            Database database, TokenHashingDao dao, StateDao state, Throttle throttle, LongSupplier nanoTime) {
        this.database = database;
        this.dao = dao;
        this.state = state;
        this.throttle = throttle;
        this.nanoTime = nanoTime;
    }

    /**
     * Leaves no token in plain behind in our tables or in {@code user_sessions}, whose tokens the migration has recorded
     * in ours; returns how many there were.
     *
     * @throws DatabaseException if the database refuses some, whose users it names; all others are hashed by then
     */
    public int run() {
        return new Run(false).all();
    }

    /**
     * The same as long as the stage of the latest deploy, on whichever node, wants it: an older node must not hash what a
     * newer one, back in stage {@code coexist}, writes for the old app to read.
     */
    public int runWhileSettled() {
        return new Run(true).all();
    }

    /** Half as much again at most, as little as it takes at once. */
    private static int fitting(int batch, long tookNanos) {
        long fitting = batch * GOAL_NANOS / Math.max(1, tookNanos);
        return (int) Math.max(MIN_BATCH, Math.min(MAX_BATCH, Math.min(batch + batch / 2, fitting)));
    }

    /** One walk through the tokens in plain. */
    private final class Run {

        private final boolean onlyWhileSettled;
        private final Halves<StoredToken> halves = new Halves<>(this::hash);
        private boolean isWanted = true;
        private int hashed;

        Run(boolean onlyWhileSettled) {
            this.onlyWhileSettled = onlyWhileSettled;
        }

        int all() {
            int asked;
            int batch;
            int next = FIRST_BATCH;
            do {
                asked = next;
                long start = nanoTime.getAsLong();
                batch = some(asked);
                next = fitting(asked, nanoTime.getAsLong() - start);
            } while (batch == asked && isWanted && throttle.goesOn());
            if (hashed > 0) {
                log.info("Stage: {} tokens lie in the database as hashes now; nobody is signed out by it", hashed);
            }
            tellOfRefused();
            return hashed;
        }

        private int some(int most) {
            // Searched without the write lock, because usually there are none.
            List<StoredToken> plain = database.read(handle -> dao.plain(handle, most, halves.refused()));
            halves.each(plain);
            return plain.size();
        }

        private void hash(List<StoredToken> tokens) {
            if (tokens.isEmpty()) {
                return;
            }
            isWanted = database.write(transaction -> {
                String latest = state.get(transaction, StateDao.STAGE);
                if (onlyWhileSettled && Stage.COEXIST.stored().equals(latest)) {
                    return false;
                }
                for (StoredToken token : tokens) {
                    dao.hash(transaction, token);
                }
                return true;
            });
            hashed += isWanted ? tokens.size() : 0;
        }

        private void tellOfRefused() {
            try {
                halves.tellOfRefused();
            } catch (DatabaseException e) {
                Set<StoredToken> refused = halves.refused();
                throw new DatabaseException(
                        "the database refuses to change " + refused.size() + " of them, of the users "
                                + database.read(handle -> dao.users(handle, refused, MAX_NAMED)) + ": "
                                + e.getMessage(),
                        e.kind(),
                        e);
            }
        }
    }
}
