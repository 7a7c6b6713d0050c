package org.multisession.auth;

import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.Revocation.Target;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;
import org.multisession.otp.OneTimeCodes;
import org.multisession.phone.PhoneNumber;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.DeviceDao;
import org.multisession.session.EndReason;
import org.multisession.session.UserSession;
import org.multisession.token.SessionId;
import org.multisession.token.StoredToken;
import org.multisession.user.User;

/**
 * Everything that is kept of one user, for a request under data protection law: shows it, or removes it. The row in {@code
 * users} is the team's and is not touched, nor is what mirrors it (its number as it was read, and that the triggers have
 * seen it), which goes when the row does. An ended token stays without its owner: it must never open an account again.
 */
public final class PersonalData {

    private static final int BATCH = 200;

    /** How much there is. */
    public record Amount(int sessions, int ended, int legacyUses, int events, int codes, int browsers) {}

    private final Database database;
    private final Sessions sessions;
    private final Revocation revocation;
    private final AuthEventDao events;
    private final PhoneNumbers phoneNumbers;
    private final InstantSource clock;
    private final PersonalDataDao dao = new PersonalDataDao();

    public PersonalData(
            Database database,
            Sessions sessions,
            Revocation revocation,
            AuthEventDao events,
            PhoneNumbers phoneNumbers,
            InstantSource clock) {
        this.database = database;
        this.sessions = sessions;
        this.revocation = revocation;
        this.events = events;
        this.phoneNumbers = phoneNumbers;
        this.clock = clock;
    }

    /** What is kept, by sort, as of one moment; no token, no code and nothing that could be used for one. */
    public Map<String, Object> export(User user) {
        return database.read(handle -> export(handle, user));
    }

    private Map<String, Object> export(Handle handle, User user) {
        Set<String> numbers = numbers(handle, user);
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("exportedAt", time(clock.instant()));
        all.put("user", PersonalDataDao.members("id", user.id(), "phone", user.phone(), "numbers", numbers));
        all.put("sessions", live(handle, user));
        all.put("endedSessions", dao.ended(handle, user.id()));
        all.put("legacyTokenUses", dao.legacyUses(handle, user.id()));
        all.put("events", dao.events(handle, user.id()));
        all.put("codeRequests", dao.codeRequests(handle, numbers));
        all.put("challenges", dao.challenges(handle, numbers));
        all.put("knownBrowsers", dao.knownBrowsers(handle, numbers));
        return all;
    }

    /** As the row means them now, and as it was read before. */
    private Set<String> numbers(Handle handle, User user) {
        Set<String> numbers = new TreeSet<>(dao.numbers(handle, user.id()));
        PhoneNumber number = phoneNumbers.read(user.phone());
        if (number != null) {
            numbers.add(number.text());
            numbers.add(OneTimeCodes.written(number));
        }
        return numbers;
    }

    private List<Map<String, Object>> live(Handle handle, User user) {
        List<UserSession> live = sessions.of(handle, user.id());
        Map<StoredToken, DeviceDao.Device> devices = sessions.devices(handle, live);
        return live.stream()
                .map(session -> {
                    DeviceDao.Device device = Objects.requireNonNull(devices.get(session.token()));
                    UserSession whole = Objects.requireNonNullElse(sessions.find(handle, session.token()), session);
                    return PersonalDataDao.members(
                            "id", SessionId.of(session.token().hash()).text(),
                            "createdAt", time(session.createdAt()),
                            "lastSeenAt", time(session.lastSeenAt()),
                            "provedAt", time(whole.provedAt()),
                            "arrivedAt", time(sessions.arrivedAt(handle, session)),
                            "device", device.device(),
                            "address", device.address());
                })
                .toList();
    }

    /** Counts what {@link #forget} would remove. */
    public Amount count(User user) {
        return database.read(handle -> {
            Set<String> numbers = numbers(handle, user);
            return new Amount(
                    sessions.of(handle, user.id()).size(),
                    dao.endedTokens(handle, user.id()).size(),
                    dao.hashesOfLegacyUses(handle, user.id()).size(),
                    dao.events(handle, user.id()).size(),
                    dao.codeRequests(handle, numbers).size()
                            + dao.challenges(handle, numbers).size(),
                    dao.knownBrowsers(handle, numbers).size());
        });
    }

    /**
     * Signs the user out everywhere, the legacy token included, and removes the rest. The audit trail keeps that somebody
     * was forgotten, not who. In small transactions; if it is interrupted, run it again.
     */
    public void forget(User user) {
        long id = user.id();
        Set<String> numbers = database.read(handle -> numbers(handle, user));
        revocation.revoke(new Target.OneUser(id));
        // Rows that open nothing, such as those of whoever had this id before; nobody could tell afterwards what they
        // are.
        inBatches(database.read(handle -> dao.tokensInRows(handle, id)), this::removeLeftOver);
        inBatches(database.read(handle -> dao.endedTokens(handle, id)), dao::forget);
        List<String> uses = database.read(handle -> dao.hashesOfLegacyUses(handle, id));
        database.execute(transaction -> {
            uses.forEach(hash -> dao.forgetLegacyUse(transaction, hash));
            numbers.forEach(number -> dao.forgetNumber(transaction, number));
            dao.forgetSignIns(transaction, id);
        });
        int removed = BATCH;
        while (removed == BATCH) {
            removed = database.write(transaction -> dao.forgetEvents(transaction, id, BATCH));
        }
        database.execute(transaction ->
                events.record(transaction, AuthEvent.USER_FORGOTTEN, "done", null, null, clock.instant()));
    }

    private void inBatches(List<StoredToken> tokens, BiConsumer<Transaction, StoredToken> act) {
        for (int start = 0; start < tokens.size(); start += BATCH) {
            List<StoredToken> batch = tokens.subList(start, Math.min(tokens.size(), start + BATCH));
            database.execute(transaction -> batch.forEach(token -> act.accept(transaction, token)));
        }
    }

    private void removeLeftOver(Transaction transaction, StoredToken token) {
        // The user may have signed in again meanwhile.
        if (sessions.find(transaction, token) == null) {
            UserSession row = sessions.leftOver(transaction, token);
            boolean unused = row != null && sessions.end(transaction, row, EndReason.OPERATOR, null, clock.instant());
        }
    }

    private static @Nullable String time(@Nullable Instant time) {
        return time == null ? null : time.truncatedTo(ChronoUnit.MICROS).toString();
    }
}
