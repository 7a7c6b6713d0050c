package org.multisession.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Database;
import org.multisession.session.DeviceDao;
import org.multisession.session.EndedTokenDao;
import org.multisession.session.EndedTokenDao.Column;
import org.multisession.session.EndedTokenDao.Ended;
import org.multisession.session.EndedTokenDao.Look;
import org.multisession.session.IdleWatch;
import org.multisession.session.SignInDao;
import org.multisession.session.SweeperLease;
import org.multisession.session.Throttle;
import org.multisession.token.StoredToken;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forgets ended tokens that cannot come back, about once a day. A token can come back only from where it stands:
 * {@code users.auth_token}, or a row of {@code user_sessions}. So a look first walks through both, then through the
 * ended tokens. It notes since when each has stood nowhere, and forgets those for which that is long enough ago. A look
 * counts only if nothing can have hidden a token: the schema is whole and the same from beginning to end, no other
 * table could take the place of one of the two, and the clock is trusted. When the table {@code users} was rebuilt, all
 * times begin anew.
 *
 * <p>Pages are read without a lock, and writes are small transactions with rests in between. A look that was stopped or
 * killed half-way is begun again. One node at a time. Not for use by several threads.
 */
public final class Forgetting {

    private static final Logger log = LoggerFactory.getLogger(Forgetting.class);

    private static final Duration A_DAY = Duration.ofDays(1);
    private static final int PAGE = 2000;
    private static final int BATCH = 100;

    /** How many that may stand again are looked at more closely; any beyond are taken as such. */
    private static final int MOST_DOUBTFUL = 100_000;

    private final Database database;
    private final EndedTokenDao tokens;
    private final DeviceDao devices = new DeviceDao();
    private final SignInDao signIns = new SignInDao();
    private final Duration keep;
    private final SweeperLease turn;
    private final IdleWatch watch;
    private final Throttle throttle;
    private final LongSupplier salts;
    private final InstantSource clock;

    /** When the log was last told what is in the way. */
    private @Nullable Instant told;

    /** @param salts a random number at each call */
    Forgetting(
            Database database,
            EndedTokenDao tokens,
            Duration keep,
            SweeperLease turn,
            IdleWatch watch,
            Throttle throttle,
            LongSupplier salts,
            InstantSource clock) {
        this.database = database;
        this.tokens = tokens;
        this.keep = keep;
        this.turn = turn;
        this.watch = watch;
        this.throttle = throttle;
        this.salts = salts;
        this.clock = clock;
    }

    /** What is to be done about a token. */
    private enum Act {
        MARK,
        UNMARK,
        FORGET
    }

    private record Due(StoredToken token, Act act) {}

    /** Looks, if it is time to and nothing is in the way; returns how many tokens are forgotten. */
    public int run() {
        Instant now = clock.instant();
        if (!watch.believes(now) || !isTime(now) || !turn.take()) {
            return 0;
        }
        String copy = database.find(tokens::copy);
        if (copy != null) {
            tellOf(copy, now);
            return 0;
        }
        Look look =
                database.write(transaction -> tokens.begin(transaction, now)).orElse(null);
        if (look == null) {
            return 0;
        }
        HashFilter standing = whatStands();
        int forgotten = standing == null ? 0 : forget(look, standing);
        if (forgotten > 0) {
            log.info(
                    "Forgot {} tokens that ended and have stood nowhere for {}: nobody can come back by them",
                    forgotten,
                    keep);
        }
        return forgotten;
    }

    /** A day after the last look that went to its end; or at once, if that lies ahead. */
    private boolean isTime(Instant now) {
        Instant last = database.find(tokens::lastLook);
        Duration interval = keep.compareTo(A_DAY) < 0 ? keep : A_DAY;
        return last == null || last.isAfter(now) || !last.plus(interval).isAfter(now);
    }

    /** Once a day, for as long as it lasts. */
    private void tellOf(String copy, Instant now) {
        if (told != null && told.plus(A_DAY).isAfter(now) && !told.isAfter(now)) {
            return;
        }
        told = now;
        log.warn(
                "The table {} is like users or user_sessions. While it could be put in the place of the one, tokens that"
                        + " have ended are not forgotten: they may stand in it. Remove it, or rename its auth_token",
                copy);
    }

    /** The hashes of all tokens that stand somewhere; null if stopped on the way. */
    private @Nullable HashFilter whatStands() {
        HashFilter standing = new HashFilter(database.read(tokens::mostTokens), salts.getAsLong());
        return walk(token -> standing.add(token.hash())) ? standing : null;
    }

    /** Passes on every token that stands somewhere; returns false if stopped on the way. */
    private boolean walk(Consumer<StoredToken> action) {
        for (Column column : Column.values()) {
            String last = "";
            while (last != null) {
                String from = last;
                last = database.find(handle -> tokens.standing(handle, column, from, PAGE, action));
                if (last != null && !throttle.goesOn()) {
                    return false;
                }
            }
        }
        return true;
    }

    private int forget(Look look, HashFilter standing) {
        int forgotten = 0;
        Map<String, StoredToken> doubtful = new HashMap<>();
        String last = "";
        while (last != null) {
            String from = last;
            EndedTokenDao.Page page = database.read(handle -> tokens.ended(handle, from, PAGE));
            List<Due> due = due(look, page.ended(), standing, doubtful);
            for (int start = 0; start < due.size(); start += BATCH) {
                int done = doAll(look, due.subList(start, Math.min(due.size(), start + BATCH)));
                if (done < 0 || !throttle.goesOn()) {
                    return forgotten + Math.max(0, done);
                }
                forgotten += done;
            }
            last = page.last();
            if (last != null && !throttle.goesOn()) {
                return forgotten;
            }
        }
        if (unmarkStanding(look, doubtful)) {
            database.execute(transaction -> {
                if (tokens.counts(transaction, look)) {
                    tokens.end(transaction, look);
                }
            });
        }
        return forgotten;
    }

    /** Of those that may stand again, makes sure which do; returns false if stopped on the way. */
    private boolean unmarkStanding(Look look, Map<String, StoredToken> doubtful) {
        if (doubtful.isEmpty()) {
            return true;
        }
        Set<StoredToken> found = new HashSet<>();
        boolean isDone = walk(token -> {
            StoredToken ended = doubtful.get(token.hash());
            if (ended != null) {
                found.add(ended);
            }
        });
        List<Due> due = found.stream().map(token -> new Due(token, Act.UNMARK)).toList();
        for (int start = 0; isDone && start < due.size(); start += BATCH) {
            isDone = doAll(look, due.subList(start, Math.min(due.size(), start + BATCH))) >= 0 && throttle.goesOn();
        }
        return isDone;
    }

    /** @param doubtful takes those that have stood nowhere and may stand again: the filter finds some that do not */
    private List<Due> due(Look look, List<Ended> page, HashFilter standing, Map<String, StoredToken> doubtful) {
        List<Due> due = new ArrayList<>();
        for (Ended ended : page) {
            boolean mayStand = standing.mayHold(ended.token().hash());
            if (mayStand && ended.since() != null && doubtful.size() < MOST_DOUBTFUL) {
                doubtful.put(ended.token().hash(), ended.token());
                continue;
            }
            Act act = act(look, ended.since(), mayStand);
            if (act != null) {
                due.add(new Due(ended.token(), act));
            }
        }
        return due;
    }

    private @Nullable Act act(Look look, @Nullable Instant since, boolean stands) {
        if (stands) {
            return since == null ? null : Act.UNMARK;
        }
        // What a clock that was ahead has noted counts for nothing.
        if (since == null || since.isAfter(look.begun())) {
            return Act.MARK;
        }
        Instant absent = since.isBefore(look.absentFrom()) ? look.absentFrom() : since;
        return absent.plus(keep).isAfter(look.begun()) ? null : Act.FORGET;
    }

    /** Returns how many of them are forgotten; less than 0 if the look does not count any more. */
    private int doAll(Look look, List<Due> batch) {
        return database.write(transaction -> {
            Instant now = clock.instant();
            if (!watch.believes(now) || !tokens.counts(transaction, look)) {
                return -1;
            }
            int forgotten = 0;
            for (Due due : batch) {
                switch (due.act()) {
                    case MARK -> tokens.mark(transaction, due.token(), now);
                    case UNMARK -> tokens.unmark(transaction, due.token());
                    case FORGET -> {
                        if (tokens.forget(transaction, due.token())) {
                            devices.forget(transaction, due.token().hash());
                            signIns.end(transaction, due.token().hash());
                            forgotten++;
                        }
                    }
                }
            }
            return forgotten;
        });
    }
}
