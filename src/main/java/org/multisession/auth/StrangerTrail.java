package org.multisession.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Transaction;
import org.multisession.otp.Networks;
import org.multisession.session.Client;
import org.multisession.user.User;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes to the audit trail what strangers do: limits they hit, and codes they try for numbers that belong to nobody.
 * Anybody can cause any number of these events, so a network gets one line a minute for limits, and there are
 * {@value #LINES_A_MINUTE} lines a minute and {@value #LINES_A_DAY} a day in all. The rest is summed up every ten
 * minutes, in one line for each kind of event with the number of networks. Safe for use by many threads.
 */
public final class StrangerTrail {

    static final int LINES_A_MINUTE = 50;
    static final int LINES_A_DAY = 2000;

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration SUMMED_UP_EVERY = Duration.ofMinutes(10);

    /** More of one kind are told as more than so many. */
    private static final int MAX_COUNTED = 10_000;

    private static final Logger log = LoggerFactory.getLogger(StrangerTrail.class);

    /** A line of its own in the trail. */
    private record Kind(AuthEvent event, String outcome) {}

    private final Database database;
    private final AuthEventDao events;
    private final InstantSource clock;

    /** When each network last got a line of a limit, within the minute. */
    private final Map<String, Instant> told = new HashMap<>();

    private final Map<Kind, Set<String>> further = new HashMap<>();

    private final Budget ofTheMinute = new Budget(MINUTE, LINES_A_MINUTE);
    private final Budget ofTheDay = new Budget(DAY, LINES_A_DAY);
    private Instant furtherSince = Instant.MAX;

    public StrangerTrail(Database database, AuthEventDao events, InstantSource clock) {
        this.database = database;
        this.events = events;
        this.clock = clock;
    }

    /** A limit was hit. The answer does not depend on whether this can be written. */
    void limitHit(String limit, Client client) {
        Kind kind = new Kind(AuthEvent.LIMIT_HIT, limit);
        Instant now = clock.instant();
        if (isLineDueOnce(kind, client, now)) {
            write(transaction -> events.record(transaction, kind.event(), kind.outcome(), null, client, now));
        }
        if (isSumDue(now)) {
            flush();
        }
    }

    /**
     * A code was refused, in this transaction. For a number that is somebody's the line is theirs, and there are as many as
     * there are attempts.
     */
    void codeRefused(Transaction transaction, String outcome, List<User> owners, Client client) {
        if (owners.size() == 1) {
            long owner = owners.get(0).id();
            events.record(transaction, AuthEvent.CODE_REFUSED, outcome, owner, client, clock.instant());
            return;
        }
        Kind kind = new Kind(AuthEvent.CODE_REFUSED, outcome);
        Instant now = clock.instant();
        if (isLineDue(kind, client, now)) {
            events.record(transaction, kind.event(), kind.outcome(), null, client, now);
        }
    }

    /** Writes how many networks were left out since the last time. */
    void flush() {
        Map<Kind, Set<String>> sums = taken();
        if (!sums.isEmpty()) {
            write(transaction -> {
                for (Map.Entry<Kind, Set<String>> sum : sums.entrySet()) {
                    events.record(
                            transaction,
                            sum.getKey().event(),
                            sum.getKey().outcome() + ", further networks: " + counted(sum.getValue()),
                            null,
                            null,
                            clock.instant());
                }
            });
        }
    }

    private static String counted(Set<String> networks) {
        return networks.size() < MAX_COUNTED ? String.valueOf(networks.size()) : MAX_COUNTED + "+";
    }

    /** A number of lines for a period; the next period begins with the first line after it. */
    private static final class Budget {

        private final Duration time;
        private final int most;
        private Instant began = Instant.MIN;
        private int taken;

        Budget(Duration time, int most) {
            this.time = time;
            this.most = most;
        }

        boolean hasRoom(Instant now) {
            // A beginning ahead of now is what a clock that was wrong has left.
            if (!began.isAfter(now.minus(time)) || began.isAfter(now)) {
                began = now;
                taken = 0;
            }
            return taken < most;
        }
    }

    private synchronized boolean isLineDueOnce(Kind kind, Client client, Instant now) {
        told.values().removeIf(at -> !at.plus(MINUTE).isAfter(now) || at.isAfter(now));
        return !told.containsKey(Networks.of(client.address())) && isLineDue(kind, client, now);
    }

    private synchronized boolean isLineDue(Kind kind, Client client, Instant now) {
        String network = Networks.of(client.address());
        boolean hasMinute = ofTheMinute.hasRoom(now);
        boolean hasDay = ofTheDay.hasRoom(now);
        if (hasMinute && hasDay) {
            ofTheMinute.taken++;
            ofTheDay.taken++;
            if (kind.event() == AuthEvent.LIMIT_HIT) {
                told.put(network, now);
            }
            return true;
        }
        Set<String> networks = further.computeIfAbsent(kind, unused -> new HashSet<>());
        if (networks.size() < MAX_COUNTED) {
            networks.add(network);
        }
        if (furtherSince.isAfter(now)) {
            furtherSince = now;
        }
        return false;
    }

    private synchronized boolean isSumDue(Instant now) {
        return !furtherSince.equals(Instant.MAX)
                && !furtherSince.plus(SUMMED_UP_EVERY).isAfter(now);
    }

    private synchronized Map<Kind, Set<String>> taken() {
        Map<Kind, Set<String>> sums = Map.copyOf(further);
        further.clear();
        furtherSince = Instant.MAX;
        return sums;
    }

    private void write(Database.Act<Transaction> lines) {
        try {
            database.execute(lines);
        } catch (DatabaseException e) {
            // An audit trail of a flood may miss a line.
            log.warn("What strangers did could not be recorded: {}", e.getMessage());
        }
    }
}
