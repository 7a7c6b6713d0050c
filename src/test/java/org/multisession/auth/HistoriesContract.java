package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.SqlTime;
import org.multisession.migration.Backup;
import org.multisession.migration.MoveStatus;
import org.multisession.migration.Progress;
import org.multisession.migration.Uninstaller;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.Rebuilds;
import org.multisession.testing.Sibling;
import org.multisession.testing.TestClock;
import org.multisession.token.SessionId;
import org.multisession.token.TokenHash;

/**
 * P1 to P3 as a model test: random histories of two apps on one database, and after every step, of every token that
 * ever was, whether it opens whose account. The model knows nothing of tables: it is the promises in a few lines.
 *
 * <p>A third program asks the same of the database itself, by the query of {@code docs/siblings.md}, also while our app
 * is away. It is asked after ours has ended what has run out.
 *
 * <p>A failing history is named by its seed; {@code -Dhistories.seed=N -Dhistories.count=1} plays it alone.
 */
@Tag("faults")
abstract class HistoriesContract {

    private static final int STEPS = 30;
    private static final Duration IDLE = Duration.ofHours(10);
    private static final Duration LIFETIME = Duration.ofHours(100);
    private static final SessionRules RULES = new SessionRules(IDLE, LIFETIME, 6, Duration.ofSeconds(1));

    /** An empty database of the old app with a users table, in this folder. */
    abstract OldApp fresh(Path folder, int number);

    /** Another program on that database, once our app has been there. */
    abstract Sibling openSibling(OldApp database);

    /** How many sessions a migration that ran now would find in its verification. */
    abstract long verifiedSessions(NewApp app);

    @Test
    void every_token_opens_its_own_account_or_none_through_all_histories() {
        long firstSeed = Long.getLong("histories.seed", 1);
        int count = Integer.getInteger("histories.count", 500);
        try (MemoryFolder folder = new MemoryFolder()) {
            Map<String, Integer> played = new TreeMap<>();
            for (int i = 0; i < count; i++) {
                try (OldApp old = fresh(folder.path(), i)) {
                    new History(old, this::openSibling, this::verifiedSessions, firstSeed + i, played).play();
                }
            }
            // A history in which something never happens proves nothing about it.
            if (count >= 100) {
                assertThat(played)
                        .hasSize(Step.values().length)
                        .allSatisfy((step, times) -> assertThat(times).isGreaterThan(count / 10));
            }
            System.out.printf(
                    "Histories of both apps: %d from seed %d on, of %d steps; every token opened its own account or"
                            + " none after each%n",
                    count,
                    firstSeed,
                    played.values().stream().mapToInt(Integer::intValue).sum());
        }
    }

    private enum Step {
        SIGN_IN_HERE,
        SIGN_IN_OLD_SINGLE,
        SIGN_IN_OLD_MULTI,
        SIGN_OUT_HERE,
        END_ANOTHER_DEVICE,
        END_ALL_OTHERS,
        SWEEP,
        SIGN_OUT_THERE,
        RESET_BY_ADMINISTRATOR,
        SHARE_A_TOKEN,
        SEEN_BY_OLD_APP,
        PUT_BACK_A_ROW,
        REPLACE_A_ROW,
        MOVE_A_ROW_AND_BACK,
        TIME_PASSES,
        DELETE_USER,
        ADD_USER,
        REPLACE_USER,
        REDEPLOY,
        CHANGE_STAGE,
        UNDEPLOY,
        REBUILD_USERS,
        REBUILD_SESSIONS;

        /** What the old app and people with a shell do. */
        static final List<Step> THERE = List.of(
                SIGN_IN_OLD_SINGLE,
                SIGN_IN_OLD_MULTI,
                SIGN_OUT_THERE,
                RESET_BY_ADMINISTRATOR,
                SHARE_A_TOKEN,
                SEEN_BY_OLD_APP,
                PUT_BACK_A_ROW,
                REPLACE_A_ROW,
                MOVE_A_ROW_AND_BACK,
                DELETE_USER,
                ADD_USER,
                REPLACE_USER);

        /** What only our app does, which repairs the schema before. */
        static final Set<Step> HERE =
                EnumSet.of(SIGN_IN_HERE, SIGN_OUT_HERE, END_ANOTHER_DEVICE, END_ALL_OTHERS, SWEEP);

        /** Deploys cost most of the time that a history takes, and a few are enough. */
        static Step some(Random random) {
            Step[] all = values();
            Step step = all[random.nextInt(all.length)];
            return step.compareTo(REDEPLOY) >= 0 && random.nextInt(3) > 0 ? some(random) : step;
        }
    }

    /** What the model knows of a token that is or was a session. */
    private static final class Session {
        final long userId;
        final int incarnation;
        final Instant started;
        Instant seen;
        boolean ended;

        /** Whether our memory has heard of it; what begins while nobody watches is known after the repair only. */
        boolean noted = true;

        Session(long userId, int incarnation, Instant now) {
            this.userId = userId;
            this.incarnation = incarnation;
            this.started = now;
            this.seen = now;
        }
    }

    private static final class History {

        private final OldApp old;
        private final Function<OldApp, Sibling> siblings;
        private final ToLongFunction<NewApp> verifiedSessions;
        private final Random random;
        private final long seed;
        private final Map<String, Integer> played;
        private final TestClock clock = new TestClock();
        private final List<String> told = new ArrayList<>();

        private final Map<String, Session> sessions = new HashMap<>();
        private final Map<Long, @Nullable String> legacy = new TreeMap<>();
        private final Map<Long, Integer> incarnations = new HashMap<>();
        private final Map<Long, String> phones = new HashMap<>();

        /** Whether a rebuild took our triggers, and what was known of each user when they were last there. */
        private boolean usersUnwatched;

        private boolean sessionsUnwatched;
        private final Map<Long, String> knownPhones = new HashMap<>();
        private final Map<Long, @Nullable String> knownTokens = new HashMap<>();

        /** Who got an id while nobody watched the sessions: whose those are that began in that time, nobody knows. */
        private final Set<Long> newWhileUnwatched = new HashSet<>();

        private final Set<String> refused = new HashSet<>();
        private final Set<String> everyToken = new HashSet<>();
        private @Nullable NewApp app;
        private @Nullable Sibling sibling;
        private boolean deployedOnce;
        private Stage stage = Stage.COEXIST;
        /** Tokens of which the database has only the hash, so that the old app finds no row for them. */
        private final Set<String> hashed = new HashSet<>();

        private @Nullable Instant undeployedAt;
        private Instant idleFrom = Instant.MIN;

        /** After an absence of more than a day the clock may be wrong, and for as long, a week at most, nothing ends by its age. */
        private Instant doubtedUntil = Instant.EPOCH;

        private Duration doubtedFor = Duration.ZERO;

        private int counter;

        History(
                OldApp old,
                Function<OldApp, Sibling> siblings,
                ToLongFunction<NewApp> verifiedSessions,
                long seed,
                Map<String, Integer> played) {
            this.old = old;
            this.siblings = siblings;
            this.verifiedSessions = verifiedSessions;
            this.seed = seed;
            this.random = new Random(seed);
            this.played = played;
        }

        void play() {
            for (int i = 0; i < 3; i++) {
                addUser();
            }
            try {
                // Some histories begin long before the first deploy, with sessions of the multi form or without.
                if (random.nextBoolean()) {
                    old.run("""
                            CREATE TABLE user_sessions (
                                id INTEGER NOT NULL, user_id INTEGER NOT NULL, auth_token VARCHAR(128) NOT NULL,
                                created_at DATETIME DEFAULT (CURRENT_TIMESTAMP),
                                last_seen_at DATETIME DEFAULT (CURRENT_TIMESTAMP),
                                PRIMARY KEY (id), FOREIGN KEY(user_id) REFERENCES users (id), UNIQUE (auth_token))
                            """);
                    oldMultiSignIn(someUser());
                    oldMultiSignIn(someUser());
                }
                deploy();
                check();
                for (int i = 0; i < STEPS; i++) {
                    step(Step.some(random));
                    check();
                    if (app != null && i % 6 == 5) {
                        everybodyCountsTheSameSessions(app);
                    }
                }
            } finally {
                if (sibling != null) {
                    sibling.close();
                }
                undeploy();
            }
        }

        private void step(Step step) {
            boolean done = perform(step);
            if (done) {
                played.merge(step.name(), 1, Integer::sum);
            }
        }

        /** False where there is nothing to do it to. */
        private boolean perform(Step step) {
            if (Step.HERE.contains(step) && app != null) {
                repaired();
            }
            switch (step) {
                case SIGN_IN_HERE -> {
                    return signInHere();
                }
                case SIGN_IN_OLD_SINGLE -> {
                    long user = someUser();
                    String token = newToken("single");
                    tell("old single sign-in of " + user + " as " + token);
                    old.signInSingle(user, token);
                    setLegacy(user, token);
                }
                case SIGN_IN_OLD_MULTI -> oldMultiSignIn(someUser());
                case SIGN_OUT_HERE -> {
                    return signOutHere();
                }
                case END_ANOTHER_DEVICE -> {
                    return endAnotherDevice();
                }
                case END_ALL_OTHERS -> {
                    return endAllOthers();
                }
                case SWEEP -> {
                    return sweep();
                }
                case SIGN_OUT_THERE -> {
                    String token = someSession();
                    if (token == null || hashed.contains(token)) {
                        return false;
                    }
                    tell("old sign-out of " + token);
                    old.signOut(token);
                    session(token).ended = true;
                }
                case RESET_BY_ADMINISTRATOR -> {
                    long user = someUser();
                    String value = random.nextInt(3) == 0 ? null : random.nextBoolean() ? "" : newToken("reset");
                    tell("reset of " + user + " to " + value);
                    old.run("UPDATE users SET auth_token = ? WHERE id = ?", value, user);
                    setLegacy(user, value);
                }
                case SHARE_A_TOKEN -> {
                    long from = someUser();
                    long to = someUser();
                    String token = legacy.get(from);
                    if (from == to || token == null || token.isEmpty()) {
                        return false;
                    }
                    tell("token of " + from + " given to " + to + " too: " + token);
                    old.signInSingle(to, token);
                    setLegacy(to, token);
                }
                case SEEN_BY_OLD_APP -> {
                    String token = someSession();
                    if (token == null || hashed.contains(token)) {
                        return false;
                    }
                    tell("old app saw " + token);
                    old.seen(token, clock.instant());
                    // The old app knows no timeout: what it lets in counts as used. What ended here has no row there.
                    session(token).seen = clock.instant();
                }
                case PUT_BACK_A_ROW -> {
                    return putBackARow();
                }
                case TIME_PASSES -> {
                    Duration time = Duration.ofMinutes(random.nextInt(60 * 12));
                    tell("time passes: " + time);
                    clock.advance(time);
                }
                case DELETE_USER -> {
                    if (legacy.size() < 2) {
                        return false;
                    }
                    long user = someUser();
                    tell("delete user " + user);
                    old.deleteUser(user);
                    legacy.remove(user);
                    phones.remove(user);
                    if (!usersUnwatched) {
                        knownPhones.remove(user);
                        knownTokens.remove(user);
                    }
                }
                case ADD_USER -> addUser();
                case REPLACE_USER -> {
                    long user = someUser();
                    String token = newToken("replaced");
                    String phone = newPhone();
                    tell("replace user " + user + ", token " + token);
                    old.run(
                            "INSERT OR REPLACE INTO users (id, phone, auth_token) VALUES (?, ?, ?)",
                            user,
                            phone,
                            token);
                    isNew(user, phone, token);
                }
                case REDEPLOY -> {
                    tell("redeploy");
                    undeploy();
                    deploy();
                }
                case CHANGE_STAGE -> {
                    Stage[] stages = Stage.values();
                    stage = stages[random.nextInt(stages.length)];
                    tell("redeploy in stage " + stage);
                    undeploy();
                    deploy();
                }
                case UNDEPLOY -> {
                    if (app == null) {
                        return false;
                    }
                    tell("undeploy");
                    undeploy();
                }
                case REPLACE_A_ROW -> {
                    return replaceARow();
                }
                case MOVE_A_ROW_AND_BACK -> {
                    return moveARowAndBack();
                }
                case REBUILD_USERS -> rebuildUsers();
                case REBUILD_SESSIONS -> rebuildSessions();
            }
            return true;
        }

        private boolean signInHere() {
            NewApp here = app;
            if (here == null) {
                return false;
            }
            long user = someUser();
            String overwritten = legacy.get(user);
            String phone = old.one("SELECT phone FROM users WHERE id = ?", user);
            String token = here.signIn(phone);
            tell("sign-in here of " + user + " as " + token + " over " + overwritten);
            everyToken.add(token);
            Instant now = clock.instant();
            if (stage != Stage.COEXIST) {
                sessions.put(token, new Session(user, incarnation(user), now));
                hashed.add(token);
                evict(user, token);
                return true;
            }
            if (overwritten != null && !overwritten.isEmpty() && !sessions.containsKey(overwritten)) {
                if (legacy.values().stream().filter(overwritten::equals).count() > 1) {
                    refused.add(overwritten);
                } else if (!refused.contains(overwritten)) {
                    sessions.put(overwritten, new Session(user, incarnation(user), now));
                }
            }
            sessions.put(token, new Session(user, incarnation(user), now));
            setLegacy(user, token);
            evict(user, token);
            return true;
        }

        /** The least recently seen go, ties as the app likes, but never the new one. */
        private void evict(long user, String newest) {
            List<String> ofUser = sessions.entrySet().stream()
                    .filter(entry -> !entry.getValue().ended && isOwn(entry.getValue(), user))
                    .map(Map.Entry::getKey)
                    .toList();
            int surplus = ofUser.size() - RULES.maxPerUser();
            if (surplus <= 0) {
                return;
            }
            Set<String> rows = new HashSet<>();
            old.all("SELECT auth_token FROM user_sessions").forEach(token -> rows.add(String.valueOf(token)));
            List<String> gone = ofUser.stream()
                    .filter(token -> !rows.contains(token) && !rows.contains(TokenHash.of(token)))
                    .toList();
            Instant youngestGone = gone.stream()
                    .map(token -> session(token).seen)
                    .max(Instant::compareTo)
                    .orElseThrow(() -> new AssertionError("nothing evicted of " + ofUser.size() + story()));
            assertThat(gone).as("evicted %s", story()).hasSize(surplus).doesNotContain(newest);
            for (String token : ofUser) {
                if (gone.contains(token)) {
                    session(token).ended = true;
                } else {
                    assertThat(session(token).seen)
                            .as("kept %s %s", token, story())
                            .isAfterOrEqualTo(youngestGone);
                }
            }
        }

        private boolean signOutHere() {
            NewApp here = app;
            String token = someToken();
            if (here == null || token == null || expected(token) == null) {
                return false;
            }
            tell("sign-out here of " + token);
            here.signOut(token);
            if (sessions.containsKey(token)) {
                session(token).ended = true;
            }
            return true;
        }

        private boolean endAnotherDevice() {
            NewApp here = app;
            String token = someToken();
            SignedIn by = here == null || token == null || expected(token) == null ? null : here.who(token);
            if (here == null || by == null) {
                return false;
            }
            long user = by.user().id();
            List<String> live = liveOf(user);
            assertThat(here.devices.of(by).stream().map(device -> device.id().text()))
                    .as("devices of %s %s", user, story())
                    .containsExactlyInAnyOrderElementsOf(
                            live.stream().map(each -> handle(each)).toList());
            String victim = live.get(random.nextInt(live.size()));
            tell(token + " ends " + victim);
            assertThat(here.devices.end(by, handle(victim), NewApp.CLIENT))
                    .as("end of %s %s", victim, story())
                    .isEqualTo(victim.equals(token) ? Devices.Ended.THIS : Devices.Ended.ANOTHER);
            end(victim);
            return true;
        }

        private boolean endAllOthers() {
            NewApp here = app;
            String token = someToken();
            SignedIn by = here == null || token == null || expected(token) == null ? null : here.who(token);
            if (here == null || by == null) {
                return false;
            }
            List<String> others = liveOf(by.user().id()).stream()
                    .filter(each -> !each.equals(token))
                    .toList();
            tell(token + " ends all others: " + others);
            assertThat(here.devices.endOthers(by, NewApp.CLIENT)).as(story()).hasValue(others.size());
            others.forEach(this::end);
            return true;
        }

        private List<String> liveOf(long user) {
            return everyToken.stream()
                    .filter(token -> Objects.equals(expected(token), user))
                    .sorted()
                    .toList();
        }

        private static String handle(String token) {
            return SessionId.of(TokenHash.of(token)).text();
        }

        /** A legacy token that is ended never opens anything again. */
        private void end(String token) {
            if (sessions.containsKey(token)) {
                session(token).ended = true;
            } else {
                refused.add(token);
            }
        }

        /** What has run out by now has ended for good, without being asked for. */
        private boolean sweep() {
            NewApp here = app;
            if (here == null) {
                return false;
            }
            Duration time = Duration.ofMinutes(random.nextInt(60 * 12));
            tell("time passes: " + time + ", then a sweep");
            clock.advance(time);
            here.sweeper.run();
            for (String token : everyToken) {
                if (sessions.containsKey(token) && expected(token) == null) {
                    session(token).ended = true;
                    // Of both forms the hash alone counts, if it is there.
                    assertThat(old.all("""
                                    SELECT auth_token FROM multisession_tokens t
                                    WHERE (auth_token = ?1 OR auth_token = ?2
                                      AND NOT EXISTS (SELECT 1 FROM multisession_tokens WHERE auth_token = ?1))
                                      AND ended_at IS NULL AND user_id IN (SELECT id FROM users)
                                    """, TokenHash.of(token), token))
                            .as("swept %s %s", token, story())
                            .isEmpty();
                }
            }
            return true;
        }

        private boolean putBackARow() {
            String token = sessions.keySet().stream()
                    // Of what came and went unseen nobody knows anything.
                    .filter(each -> session(each).ended && session(each).noted)
                    .sorted()
                    .findFirst()
                    .orElse(null);
            if (token == null) {
                return false;
            }
            tell("row put back for " + token);
            String sql = random.nextBoolean()
                    ? "INSERT OR REPLACE INTO user_sessions (user_id, auth_token) VALUES (?, ?)"
                    : "INSERT OR IGNORE INTO user_sessions (user_id, auth_token) VALUES (?, ?)";
            old.run(sql, someUser(), token);
            return true;
        }

        /** Another session takes the row id, for which no DELETE trigger fires. */
        private boolean replaceARow() {
            String token = someSession();
            if (token == null || hashed.contains(token)) {
                return false;
            }
            List<@Nullable String> ids = old.all("SELECT id FROM user_sessions WHERE auth_token = ?", token);
            if (ids.isEmpty()) {
                return false;
            }
            long user = someUser();
            String taking = newToken("taking");
            tell("row of " + token + " taken by " + taking + " of " + user);
            old.run(
                    "INSERT OR REPLACE INTO user_sessions (id, user_id, auth_token, created_at, last_seen_at)"
                            + " VALUES (?1, ?2, ?3, ?4, ?4)",
                    ids.get(0),
                    user,
                    taking,
                    SqlTime.format(clock.instant()));
            session(token).ended = true;
            begin(taking, user);
            return true;
        }

        private boolean moveARowAndBack() {
            String token = someSession();
            // Nobody sees it while nobody watches, and afterwards nothing is changed.
            if (token == null || hashed.contains(token) || sessionsUnwatched) {
                return false;
            }
            long owner = session(token).userId;
            long other = someUser();
            if (owner == other) {
                return false;
            }
            tell("row of " + token + " moved to " + other + " and back");
            old.run("UPDATE user_sessions SET user_id = ? WHERE auth_token = ?", other, token);
            old.run("UPDATE user_sessions SET user_id = ? WHERE auth_token = ?", owner, token);
            session(token).ended = true;
            return true;
        }

        /** Our triggers and indexes on the table are gone with the old one. */
        private void rebuildUsers() {
            boolean sessionsAreOurs = !old.all("SELECT 1 FROM multisession_created WHERE name = 'user_sessions'")
                    .isEmpty();
            Rebuilds.Way way = someWay();
            Rebuild users = new Rebuild("users", way, script(Rebuilds.narrowUsers(way), way));
            if (way == Rebuilds.Way.RENAME_FIRST && !sessionsAreOurs) {
                // Or the foreign key of the old app's table would lead nowhere.
                rebuild(List.of(users, ofSessions()));
            } else {
                rebuild(List.of(users));
            }
        }

        private void rebuildSessions() {
            rebuild(List.of(ofSessions()));
        }

        private Rebuild ofSessions() {
            Rebuilds.Way way = someWay();
            return new Rebuild("user_sessions", way, script(Rebuilds.narrowSessions(way), way));
        }

        private record Rebuild(String table, Rebuilds.Way way, String script) {}

        private Rebuilds.Way someWay() {
            return random.nextBoolean() ? Rebuilds.Way.BATCH : Rebuilds.Way.RENAME_FIRST;
        }

        /** The rows of a table that was renamed out of the way may be deleted before it is dropped: they live on in the new one. */
        private String script(String rebuild, Rebuilds.Way way) {
            return way == Rebuilds.Way.RENAME_FIRST && random.nextBoolean() ? Rebuilds.emptyingFirst(rebuild) : rebuild;
        }

        private void rebuild(List<Rebuild> rebuilds) {
            boolean inAutocommit = random.nextBoolean();
            NewApp here = app;
            for (Rebuild rebuild : rebuilds) {
                tell("rebuild " + rebuild.table() + (inAutocommit ? " in autocommit, " : ", ") + rebuild.way()
                        + (rebuild.script().contains("DELETE") ? ", emptied before it is dropped" : ""));
                if (!inAutocommit) {
                    old.run(rebuild.script());
                } else {
                    inAutocommit(rebuild.script());
                }
            }
            if (inAutocommit && here != null) {
                here.database.lookAfterSchema();
                // The repair is a migration, too.
                refuseShared();
                return;
            }
            for (Rebuild rebuild : rebuilds) {
                usersUnwatched |= rebuild.table().equals("users");
                sessionsUnwatched |= rebuild.table().equals("user_sessions");
            }
            theOldAppGoesOn();
        }

        /** Each statement is committed, and requests come in between: nothing changes for anybody. */
        private void inAutocommit(String script) {
            NewApp here = app;
            for (String statement : Rebuilds.inAutocommit(script)) {
                old.run(statement);
                if (here != null) {
                    everyTokenIsRightOrAskedToWait(here);
                }
            }
        }

        private void everyTokenIsRightOrAskedToWait(NewApp here) {
            for (String token : everyToken) {
                Long expected = expected(token);
                try {
                    assertThat(here.opens(token))
                            .as("token %s %s", token, story())
                            .isEqualTo(expected);
                    if (sessions.containsKey(token) && expected != null) {
                        session(token).seen = clock.instant();
                    }
                } catch (DatabaseBusyException e) {
                    // It comes again a moment later.
                }
            }
            here.lastSeen.flush();
        }

        /** Before our app, if it is there, is asked again. */
        private void theOldAppGoesOn() {
            for (int i = random.nextInt(4); i > 0; i--) {
                step(Step.THERE.get(random.nextInt(Step.THERE.size())));
            }
        }

        /** Our app has looked at the schema, and has ended what could not be told. */
        private void repaired() {
            if (!usersUnwatched && !sessionsUnwatched) {
                return;
            }
            if (usersUnwatched) {
                sessions.values().stream()
                        .filter(session -> !Objects.equals(knownPhones.get(session.userId), phones.get(session.userId)))
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
            sessions.replaceAll((token, session) -> session.noted || session.ended
                    ? session
                    // Its clocks start where it became known.
                    : new Session(session.userId, session.incarnation, clock.instant()));
            usersUnwatched = false;
            sessionsUnwatched = false;
            newWhileUnwatched.clear();
            knownPhones.clear();
            knownPhones.putAll(phones);
            knownTokens.clear();
            knownTokens.putAll(legacy);
            refuseShared();
        }

        private void begin(String token, long user) {
            Session session = new Session(user, incarnation(user), clock.instant());
            session.noted = !sessionsUnwatched;
            sessions.put(token, session);
        }

        private void setLegacy(long user, @Nullable String token) {
            boolean changes = !Objects.equals(legacy.put(user, token), token);
            if (changes && !usersUnwatched) {
                knownTokens.put(user, sessionsUnwatched ? null : token);
            }
        }

        private void isNew(long user, String phone, @Nullable String token) {
            incarnations.merge(user, 1, Integer::sum);
            legacy.put(user, token);
            phones.put(user, phone);
            if (sessionsUnwatched) {
                newWhileUnwatched.add(user);
            }
            if (!usersUnwatched) {
                knownPhones.put(user, phone);
                knownTokens.put(user, sessionsUnwatched ? null : token);
            }
        }

        private void oldMultiSignIn(long user) {
            String token = newToken("multi");
            tell("old multi sign-in of " + user + " as " + token);
            old.signInMulti(user, token, clock.instant());
            begin(token, user);
            setLegacy(user, token);
        }

        private void addUser() {
            String token = random.nextBoolean() ? newToken("legacy") : null;
            String phone = newPhone();
            long user = old.addUser(phone, token);
            tell("new user " + user + ", token " + token);
            isNew(user, phone, token);
        }

        private void deploy() {
            app = NewApp.deploy(old.claim(), RULES, stage, clock);
            Instant since = undeployedAt;
            if (since != null && since.plus(Duration.ofHours(1)).isBefore(clock.instant())) {
                idleFrom = clock.instant();
            }
            if (since != null && since.plus(Duration.ofDays(1)).isBefore(clock.instant())) {
                Duration away = Duration.between(since, clock.instant());
                Duration length = away.compareTo(Duration.ofDays(7)) < 0 ? away : Duration.ofDays(7);
                boolean goesOn = doubtedUntil.isAfter(since);
                Duration gone = goesOn ? doubtedFor.minus(Duration.between(since, doubtedUntil)) : Duration.ZERO;
                doubtedFor = goesOn && doubtedFor.compareTo(length) > 0 ? doubtedFor : length;
                doubtedUntil = clock.instant().plus(doubtedFor).minus(gone);
            }
            repaired();
            if (stage != Stage.COEXIST) {
                hashed.addAll(sessions.keySet());
            }
            if (!deployedOnce) {
                deployedOnce = true;
                sibling = siblings.apply(old);
                refuseShared();
                // Clocks of what is older than the first deploy start there.
                sessions.replaceAll(
                        (token, session) -> new Session(session.userId, session.incarnation, clock.instant()));
            }
        }

        /** A migration that finds a token with two users makes it nobody's for good. */
        private void refuseShared() {
            for (String token : everyToken) {
                if (legacy.values().stream().filter(token::equals).count() > 1) {
                    refused.add(token);
                }
            }
        }

        private void undeploy() {
            if (app != null) {
                app.close();
                app = null;
                undeployedAt = clock.instant();
            }
        }

        private void check() {
            if (app != null) {
                boolean isToBeRepaired = usersUnwatched || sessionsUnwatched;
                repaired();
                checkOurs(app);
                if (isToBeRepaired) {
                    // As every five seconds, where no request has been the reason yet.
                    app.database.lookAfterSchema();
                }
            }
            List<String> tokens = everyToken.stream().sorted().toList();
            List<@Nullable Long> opened = Objects.requireNonNull(sibling).opens(tokens);
            for (int i = 0; i < tokens.size(); i++) {
                // Nobody notices what runs out while our app is away.
                Long expected = app != null ? expected(tokens.get(i)) : expectedWithoutClocks(tokens.get(i));
                assertThat(opened.get(i))
                        .as("token %s, asked for by another program %s", tokens.get(i), story())
                        .isEqualTo(expected);
            }
        }

        /**
         * One rule says what a live session is: for requests, for status, for uninstall, for the metrics and for the
         * verification of a migration. What the check says is compared token by token in {@code CheckTest}.
         */
        private void everybodyCountsTheSameSessions(NewApp here) {
            long opened = here.database.<Long>read(handle -> {
                long found = 0;
                for (String user : old.all("SELECT id FROM users")) {
                    found += here.sessions.of(handle, Long.parseLong(user)).size();
                }
                return found;
            });
            MoveStatus status = here.database.read(
                    handle -> MoveStatus.of(handle, here.missing(handle), clock.instant(), Duration.ofDays(30)));
            Census census = new Census(here.database, new CensusDao(), () -> true);
            census.run();
            assertThat(status.sessions()).as("status %s", story()).isEqualTo(opened);
            assertThat(new Uninstaller(here.database, Backup.NONE, Progress.NONE)
                            .look(false)
                            .sessions())
                    .as("uninstall %s", story())
                    .isEqualTo(opened);
            assertThat(census.latest().orElseThrow().sessions())
                    .as("the census %s", story())
                    .isEqualTo(opened);
            assertThat(verifiedSessions.applyAsLong(here))
                    .as("the verification %s", story())
                    .isEqualTo(opened);
        }

        private void checkOurs(NewApp here) {
            for (String token : everyToken) {
                Long expected = expected(token);
                assertThat(here.opens(token)).as("token %s %s", token, story()).isEqualTo(expected);
                if (sessions.containsKey(token)) {
                    if (expected != null) {
                        session(token).seen = clock.instant();
                    } else {
                        // Refused once is refused for ever.
                        session(token).ended = true;
                    }
                }
            }
            here.runOut.flush();
            here.lastSeen.flush();
        }

        /** The promises: whose account this token must open now, or null for nobody's. */
        private @Nullable Long expected(String token) {
            Session session = sessions.get(token);
            if (session != null) {
                Instant now = clock.instant();
                Instant idleSince = session.seen.isBefore(idleFrom) ? idleFrom : session.seen;
                boolean hasRunOut = idleSince.plus(IDLE).isBefore(now)
                        || session.started.plus(LIFETIME).isBefore(now);
                return hasRunOut && !now.isBefore(doubtedUntil) ? null : expectedWithoutClocks(token);
            }
            return expectedWithoutClocks(token);
        }

        /** The same for a session that has run out without anybody noticing. */
        private @Nullable Long expectedWithoutClocks(String token) {
            Session session = sessions.get(token);
            if (session != null) {
                boolean alive = !session.ended && isOwn(session, session.userId) && legacy.containsKey(session.userId);
                return alive && isBelieved(session) ? session.userId : null;
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

        private boolean isBelieved(Session session) {
            return session.noted
                    && (!usersUnwatched || Objects.equals(knownPhones.get(session.userId), phones.get(session.userId)));
        }

        private boolean isOwn(Session session, long user) {
            return session.userId == user && session.incarnation == incarnation(user);
        }

        private Session session(String token) {
            return Objects.requireNonNull(sessions.get(token));
        }

        private int incarnation(long user) {
            return incarnations.getOrDefault(user, 0);
        }

        private long someUser() {
            List<Long> users = List.copyOf(legacy.keySet());
            return users.get(random.nextInt(users.size()));
        }

        private @Nullable String someSession() {
            List<String> tokens = sessions.keySet().stream()
                    .filter(token -> !session(token).ended)
                    .sorted()
                    .toList();
            return tokens.isEmpty() ? null : tokens.get(random.nextInt(tokens.size()));
        }

        private @Nullable String someToken() {
            List<String> tokens = everyToken.stream().sorted().toList();
            return tokens.isEmpty() ? null : tokens.get(random.nextInt(tokens.size()));
        }

        private String newToken(String kind) {
            String token = kind + "-" + counter++;
            everyToken.add(token);
            return token;
        }

        private String newPhone() {
            return "+7999%07d".formatted(counter++);
        }

        private void tell(String what) {
            told.add(what);
        }

        private String story() {
            return "in the history of seed " + seed + ":\n" + String.join("\n", told) + "\n";
        }
    }
}
