package org.multisession.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.stream.Collectors;
import org.multisession.db.Database;
import org.multisession.db.Transaction;
import org.multisession.session.Client;
import org.multisession.user.User;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells operators of phone numbers that several users have. Nobody can sign in by such a number; its owner may have
 * been locked out by somebody who registered it a second time in the old app. Users are named by their ids, each number
 * once an hour, and at most {@value #MAX_TOLD} numbers an hour. The audit trail is written later, so that whoever asks
 * does not wait for it. Safe for use by many threads.
 */
public final class SharedNumbers {

    static final int MAX_TOLD = 100;

    private static final Duration INTERVAL = Duration.ofHours(1);

    /** As wide as the trail's column. */
    private static final int MAX_OUTCOME_LENGTH = 40;

    private static final Logger log = LoggerFactory.getLogger(SharedNumbers.class);

    /** What is still to be written. */
    private record Meeting(List<Long> users, Client client, Instant at) {}

    private final Database database;
    private final AuthEventDao events;
    private final InstantSource clock;

    /** By the first of the users: a further one makes no other number of it. */
    private final Map<Long, Instant> told = new HashMap<>();

    private final Queue<Meeting> unwritten = new ArrayDeque<>();

    public SharedNumbers(Database database, AuthEventDao events, InstantSource clock) {
        this.database = database;
        this.events = events;
        this.clock = clock;
    }

    /** Somebody tried to sign in with a number that these users share. */
    void met(List<User> owners, Client client) {
        List<Long> ids = owners.stream().map(User::id).toList();
        if (isDue(ids, client)) {
            log.warn(
                    "The users {} have one telephone number: nobody can sign in by it, until it is whose it is in users.phone"
                            + " and nobody else's",
                    ids.stream().map(String::valueOf).collect(Collectors.joining(", ")));
        }
    }

    private synchronized boolean isDue(List<Long> ids, Client client) {
        Instant now = clock.instant();
        told.values().removeIf(at -> at.isAfter(now) || !at.plus(INTERVAL).isAfter(now));
        if (told.size() >= MAX_TOLD || told.putIfAbsent(ids.get(0), now) != null) {
            return false;
        }
        unwritten.add(new Meeting(ids, client, now));
        return true;
    }

    /** Writes what was found to the audit trail. Call it every few seconds. */
    public void flush() {
        List<Meeting> meetings = taken();
        if (!meetings.isEmpty()) {
            database.execute(transaction -> {
                for (Meeting meeting : meetings) {
                    record(transaction, meeting);
                }
            });
        }
    }

    private synchronized List<Meeting> taken() {
        List<Meeting> taken = new ArrayList<>(unwritten);
        unwritten.clear();
        return taken;
    }

    private void record(Transaction transaction, Meeting meeting) {
        for (Long user : meeting.users()) {
            String others = meeting.users().stream()
                    .filter(other -> !other.equals(user))
                    .map(String::valueOf)
                    .collect(Collectors.joining(", "));
            events.record(
                    transaction,
                    AuthEvent.SHARED_NUMBER,
                    shortened("with " + others),
                    user,
                    meeting.client(),
                    meeting.at());
        }
    }

    private static String shortened(String outcome) {
        return outcome.length() <= MAX_OUTCOME_LENGTH ? outcome : outcome.substring(0, MAX_OUTCOME_LENGTH - 1) + "…";
    }
}
