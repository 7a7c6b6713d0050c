package org.multisession.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.session.Client;
import org.multisession.user.User;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records that one browser presents live tokens of two users: it may be a shared computer, or a site of the same domain
 * has planted a cookie. The same two are recorded once an hour.
 */
public final class TwoAccounts {

    private static final Duration INTERVAL = Duration.ofHours(1);

    /** Each is two users' live tokens, so nobody fills this with what they make up. */
    private static final int MAX_REMEMBERED = 1000;

    private static final Logger log = LoggerFactory.getLogger(TwoAccounts.class);

    private final Database database;
    private final AuthEventDao events;
    private final InstantSource clock;
    private final Map<Pair, Instant> told = new ConcurrentHashMap<>();

    private record Pair(long counts, long beside) {}

    public TwoAccounts(Database database, AuthEventDao events, InstantSource clock) {
        this.database = database;
        this.events = events;
        this.clock = clock;
    }

    /** Records them, unless that was done recently; never fails. */
    void tell(User counts, User beside, Supplier<Client> client) {
        Instant now = clock.instant();
        if (!isDue(new Pair(counts.id(), beside.id()), now)) {
            return;
        }
        log.warn(
                "A browser presents live tokens of the users {} and {}: it is answered as {}, whose cookie comes last",
                counts.id(),
                beside.id(),
                counts.id());
        try {
            database.execute(transaction -> {
                for (User user : new User[] {counts, beside}) {
                    String outcome = user.id() == counts.id() ? "counts" : "does-not-count";
                    events.record(transaction, AuthEvent.TWO_ACCOUNTS, outcome, user.id(), client.get(), now);
                }
            });
        } catch (DatabaseException e) {
            log.warn("That could not be recorded: {}", e.getMessage());
        }
    }

    private boolean isDue(Pair pair, Instant now) {
        if (told.size() >= MAX_REMEMBERED) {
            told.values().removeIf(at -> isOver(at, now));
        }
        Instant before = told.get(pair);
        if (before == null) {
            return told.size() < MAX_REMEMBERED && told.putIfAbsent(pair, now) == null;
        }
        return isOver(before, now) && told.replace(pair, before, now);
    }

    /** Also where the clock has been put back meanwhile. */
    private static boolean isOver(Instant at, Instant now) {
        return at.isAfter(now) || !at.plus(INTERVAL).isAfter(now);
    }
}
