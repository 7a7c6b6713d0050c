package org.multisession.histories;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.testing.TestClock;

/**
 * The model: what is promised of every token, user and number, whatever has happened. It knows nothing of tables.
 * {@link #expected} says whose account a token must open now; the rest is what the acts tell of what they have done, and
 * what becomes of it where nobody watched.
 */
final class Promises {

    static final Duration IDLE = Duration.ofHours(10);
    static final Duration LIFETIME = Duration.ofHours(100);
    static final SessionRules RULES = new SessionRules(IDLE, LIFETIME, 6, Duration.ofSeconds(1));

    private final TestClock clock;

    /** By which triggers go, whatever the clock says. */
    final Instant beginning;

    final PromisedClock clocks;

    /** Of every token that is or was a session. */
    final Map<String, PromisedSession> sessions = new HashMap<>();

    /** Of every user there is. */
    final Map<Long, @Nullable String> legacy = new TreeMap<>();

    final Map<Long, String> phones = new HashMap<>();

    /** How many accounts an id has had. */
    private final Map<Long, Integer> incarnations = new HashMap<>();

    /** Legacy tokens that open nothing any more, although they may stand in {@code users}. */
    final Set<String> refused = new HashSet<>();

    final Set<String> everyToken = new HashSet<>();

    /** Tokens of which the database has only the hash, so that the old app finds no row for them. */
    final Set<String> hashed = new HashSet<>();

    /** Of the challenges that somebody has. */
    final List<PromisedCode> codes = new ArrayList<>();

    /** Of the node that is asked, or else of the latest deploy. */
    Stage stage = Stage.COEXIST;

    /** Whether a rebuild took our triggers, and what was known of each user when they were last there. */
    boolean usersUnwatched;

    boolean sessionsUnwatched;

    private final Map<Long, String> knownPhones = new HashMap<>();
    private final Map<Long, @Nullable String> knownTokens = new HashMap<>();

    /** Whether our triggers are there, if only because somebody has put them back. */
    boolean usersNoted = true;

    boolean sessionsNoted = true;

    /** Whether the next look at the schema, which is a migration too, makes something anew that was there all the time. */
    boolean isToBeMended;

    /** When nobody remembers what has ended. */
    boolean isUninstalled;

    /** The numbers of users who were deleted, which others may get. */
    final Set<String> formerNumbers = new TreeSet<>();

    /** The numbers of those who were deleted while nobody watched the users, by the ids that are free since. */
    final Map<Long, String> goneUnseen = new HashMap<>();

    /** Who got an id while nobody watched the sessions: whose those are that began in that time, nobody knows. */
    private final Set<Long> newWhileUnwatched = new HashSet<>();

    Promises(TestClock clock) {
        this.clock = clock;
        this.beginning = clock.instant();
        this.clocks = new PromisedClock(clock);
    }

    // ---- What a token opens

    /** The promises: whose account this token must open now, or null for nobody's. */
    @Nullable
    Long expected(String token) {
        PromisedSession session = sessions.get(token);
        return session != null && hasRunOut(session) && clocks.believes() ? null : expectedWithoutClocks(token);
    }

    private boolean hasRunOut(PromisedSession session) {
        Instant now = clock.instant();
        Instant active = session.lastActiveAt(now);
        Instant idleSince = active.isBefore(clocks.idleFrom()) ? clocks.idleFrom() : active;
        return idleSince.plus(IDLE).isBefore(now)
                || session.startedAt(now).plus(LIFETIME).isBefore(now);
    }

    /** The same for a session that has run out without anybody noticing. */
    @Nullable
    Long expectedWithoutClocks(String token) {
        PromisedSession session = sessions.get(token);
        if (session != null) {
            return !session.ended && !isOfNobody(session) && isBelieved(session) ? session.userId : null;
        }
        if (stage == Stage.RETIRE) {
            return null;
        }
        List<Long> holders = legacy.entrySet().stream()
                .filter(entry -> token.equals(entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        return holders.size() == 1
                        && !refused.contains(token)
                        && (!sessionsUnwatched || token.equals(knownTokens.get(holders.get(0))))
                ? holders.get(0)
                : null;
    }

    private boolean isBelieved(PromisedSession session) {
        return session.noted && (!usersUnwatched || isWhoTheyWere(session.userId));
    }

    /** Only a number tells. */
    private boolean isWhoTheyWere(long user) {
        String phone = phones.get(user);
        return isNumber(phone) && Objects.equals(knownPhones.get(user), phone);
    }

    /** Whose user is gone. One that also began unseen has left nothing behind that tells of it. */
    private boolean isOfNobody(PromisedSession session) {
        return !isOwn(session, session.userId) || !legacy.containsKey(session.userId);
    }

    boolean isOwn(PromisedSession session, long user) {
        return session.userId == user && session.incarnation == incarnation(user);
    }

    /** Whether a sign-in makes a session of the legacy token that it overwrites. */
    boolean isAdopted(@Nullable String overwritten) {
        return stage == Stage.COEXIST
                && overwritten != null
                && everyToken.contains(overwritten)
                && !sessions.containsKey(overwritten)
                && !refused.contains(overwritten)
                && legacy.values().stream().filter(overwritten::equals).count() == 1;
    }

    /** Those that open this user's account, in a fixed order. */
    List<String> liveOf(long user) {
        return everyToken.stream()
                .filter(token -> Objects.equals(expected(token), user))
                .sorted()
                .toList();
    }

    /** The sessions that open an account. */
    List<String> liveSessions() {
        return everyToken.stream()
                .filter(token -> sessions.containsKey(token) && expected(token) != null)
                .toList();
    }

    PromisedSession session(String token) {
        return Objects.requireNonNull(sessions.get(token));
    }

    /** Those of whoever has or had this id. */
    List<PromisedSession> ofUser(long user) {
        return sessions.values().stream()
                .filter(session -> session.userId == user)
                .toList();
    }

    int incarnation(long user) {
        return incarnations.getOrDefault(user, 0);
    }

    String phoneOf(long user) {
        return Objects.requireNonNull(phones.get(user));
    }

    static boolean isNumber(@Nullable String phone) {
        return phone != null && phone.startsWith("+");
    }

    /** Whether two users have it. */
    boolean isShared(String phone) {
        return Collections.frequency(phones.values(), phone) > 1;
    }

    // ---- Sessions and legacy tokens that come and end

    void begin(String token, long user) {
        PromisedSession session = new PromisedSession(user, incarnation(user), clock.instant());
        session.noted = sessionsNoted;
        sessions.put(token, session);
    }

    /** By the old app: our triggers go by the clock of the database. */
    void beginThere(String token, long user) {
        begin(token, user);
        session(token).recorded = beginning;
    }

    /** The same session under another token, or with another user. */
    PromisedSession continued(PromisedSession before, long user, int incarnation) {
        PromisedSession session = new PromisedSession(user, incarnation, before.started);
        session.recorded = beginning;
        session.seen = before.seen;
        session.noted = sessionsNoted;
        return session;
    }

    void setLegacy(long user, @Nullable String token) {
        boolean changes = !Objects.equals(legacy.put(user, token), token);
        // Of a user who came in while nobody watched nothing is known, also of what becomes of them later.
        if (changes && usersNoted && knownTokens.containsKey(user)) {
            knownTokens.put(user, sessionsUnwatched ? null : token);
        }
    }

    /** A legacy token that is ended never opens anything again. */
    void end(String token) {
        if (sessions.containsKey(token)) {
            session(token).ended = true;
        } else {
            refused.add(token);
        }
    }

    void endLegacy(@Nullable String token) {
        if (token != null && everyToken.contains(token) && !sessions.containsKey(token)) {
            refused.add(token);
        }
    }

    void endAll(Collection<PromisedSession> ending) {
        ending.forEach(session -> session.ended = true);
    }

    /** A migration that finds a token with two users makes it nobody's for good. */
    void refuseShared() {
        for (String token : everyToken) {
            if (legacy.values().stream().filter(token::equals).count() > 1) {
                refused.add(token);
            }
        }
    }

    /** From now on it is a token that never was. */
    void isForgotten(String token) {
        sessions.remove(token);
        refused.remove(token);
        hashed.remove(token);
    }

    // ---- Users who come, go and change

    void isNew(long user, String phone, @Nullable String token) {
        String before = Objects.requireNonNullElse(phones.get(user), goneUnseen.getOrDefault(user, ""));
        // Nobody can tell that it is another account, and it is the same person's.
        boolean isSame = !usersNoted && isNumber(phone) && phone.equals(before);
        if (!isSame) {
            incarnations.merge(user, 1, Integer::sum);
        }
        legacy.put(user, token);
        phones.put(user, phone);
        goneUnseen.remove(user);
        if (sessionsUnwatched && !isSame) {
            newWhileUnwatched.add(user);
        }
        if (usersNoted) {
            knownPhones.put(user, phone);
            knownTokens.put(user, sessionsUnwatched ? null : token);
        }
    }

    void isGone(long user) {
        legacy.remove(user);
        String phone = Objects.requireNonNull(phones.remove(user));
        formerNumbers.add(phone);
        if (usersNoted) {
            // Whoever gets the id is somebody else, also if they had it before.
            incarnations.merge(user, 1, Integer::sum);
            knownPhones.remove(user);
            knownTokens.remove(user);
        } else {
            goneUnseen.put(user, phone);
        }
    }

    /** While our triggers count for nothing, a number is noted only in the place of one that was noted before. */
    void setPhone(long user, String phone) {
        String before = phones.put(user, phone);
        boolean isKnown = isNumber(before) && Objects.equals(knownPhones.get(user), before);
        if (usersNoted && (!usersUnwatched || isKnown)) {
            knownPhones.put(user, phone);
        } else if (usersNoted) {
            // It came in while nobody watched; also if the number is put back that was known, the user stays in
            // doubt.
            knownPhones.remove(user);
        }
    }

    /** Two users get each other's ids. */
    void haveChangedIds(long one, long other) {
        for (Map<Long, ?> each : List.of(legacy, phones)) {
            swap(each, one, other);
        }
        for (long user : List.of(one, other)) {
            incarnations.merge(user, 1, Integer::sum);
            if (sessionsUnwatched) {
                newWhileUnwatched.add(user);
            }
        }
    }

    private static <T> void swap(Map<Long, T> map, long one, long other) {
        T ofOne = map.get(one);
        map.put(one, map.get(other));
        map.put(other, ofOne);
    }

    /** Whether nobody knows whose sessions theirs are that began lately. */
    boolean isNewWhileUnwatched(long user) {
        return newWhileUnwatched.contains(user);
    }

    // ---- Looks of our app at what it has not seen

    boolean isUnwatched() {
        return usersUnwatched || sessionsUnwatched;
    }

    /** Our app has looked at the schema, and has ended what could not be told. */
    void repaired() {
        if (!isUnwatched() && !isToBeMended) {
            return;
        }
        if (usersUnwatched) {
            sessions.values().stream()
                    .filter(session -> !isWhoTheyWere(session.userId))
                    .forEach(session -> session.ended = true);
        }
        if (sessionsUnwatched) {
            sessions.values().stream()
                    .filter(session -> !session.noted && newWhileUnwatched.contains(session.userId))
                    .forEach(session -> session.ended = true);
            legacy.forEach((user, token) -> {
                boolean isSession = token != null && sessions.containsKey(token);
                if (token != null && !isSession && !token.equals(knownTokens.get(user))) {
                    refused.add(token);
                }
            });
        }
        sessions.replaceAll((token, session) -> session.noted || session.ended || isOfNobody(session)
                ? session
                // Its clocks start where it became known.
                : session.knownFrom(clock.instant()));
        nowIsKnown();
        refuseShared();
    }

    /** Our triggers are gone, and what was known with them. */
    void nothingIsWatched() {
        usersUnwatched = true;
        sessionsUnwatched = true;
        usersNoted = false;
        sessionsNoted = false;
    }

    void nowIsKnown() {
        isToBeMended = false;
        usersUnwatched = false;
        sessionsUnwatched = false;
        usersNoted = true;
        sessionsNoted = true;
        newWhileUnwatched.clear();
        knownPhones.clear();
        knownPhones.putAll(phones);
        knownTokens.clear();
        knownTokens.putAll(legacy);
    }

    // ---- Going back to what was

    /** What brings everything back that a backup, or the beginning of a transaction, knows. */
    Runnable snapshot() {
        Map<String, PromisedSession> sessionsThen = new HashMap<>();
        sessions.forEach((token, session) -> sessionsThen.put(token, session.copy()));
        List<PromisedCode> codesThen = codes.stream().map(PromisedCode::copy).toList();
        List<Runnable> others = List.of(
                then(legacy),
                then(incarnations),
                then(phones),
                then(knownPhones),
                then(knownTokens),
                then(newWhileUnwatched),
                then(goneUnseen),
                then(refused),
                then(hashed));
        boolean usersUnwatchedThen = usersUnwatched;
        boolean sessionsUnwatchedThen = sessionsUnwatched;
        boolean usersNotedThen = usersNoted;
        boolean sessionsNotedThen = sessionsNoted;
        boolean isToBeMendedThen = isToBeMended;
        Runnable clockThen = clocks.snapshot();
        return () -> {
            sessions.clear();
            sessionsThen.forEach((token, session) -> sessions.put(token, session.copy()));
            codes.clear();
            codesThen.forEach(code -> codes.add(code.copy()));
            others.forEach(Runnable::run);
            usersUnwatched = usersUnwatchedThen;
            sessionsUnwatched = sessionsUnwatchedThen;
            usersNoted = usersNotedThen;
            sessionsNoted = sessionsNotedThen;
            isToBeMended = isToBeMendedThen;
            clockThen.run();
        };
    }

    private static <K, V> Runnable then(Map<K, V> map) {
        Map<K, V> copy = new HashMap<>(map);
        return () -> {
            map.clear();
            map.putAll(copy);
        };
    }

    private static <T> Runnable then(Set<T> set) {
        Set<T> copy = new HashSet<>(set);
        return () -> {
            set.clear();
            set.addAll(copy);
        };
    }
}
