package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Source;
import org.multisession.db.Sql;
import org.multisession.db.SqlTime;
import org.multisession.migration.MoveStatus;
import org.multisession.migration.Uninstall;
import org.multisession.session.EndedTokenDao;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.SweeperLease;
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

    private static final Sql ONE = Sql.of("use a connection", "SELECT 1");

    private static final int STEPS = 30;
    private static final Duration IDLE = Duration.ofHours(10);
    private static final Duration LIFETIME = Duration.ofHours(100);
    private static final Duration KEEP = Duration.ofHours(1);
    private static final SessionRules RULES = new SessionRules(IDLE, LIFETIME, 6, Duration.ofSeconds(1));

    /** An empty database of the old app with a users table, in this folder. */
    abstract OldApp fresh(Path folder, int number);

    /** How many histories are played if nobody says otherwise. */
    abstract int count();

    /** How many nodes of our app are deployed. */
    abstract int nodes();

    /** What can happen there. */
    abstract Set<Step> steps();

    /** Another program on that database, once our app has been there. */
    abstract Sibling openSibling(OldApp database);

    /** How many sessions a migration that ran now would find in its verification; empty if it has none. */
    abstract OptionalLong verifiedSessions(NewApp app);

    abstract Uninstall uninstall(Database database);

    /** Whether our app makes triggers anew that a rebuild has taken while it is deployed, or the next deploy does. */
    abstract boolean mendsWhileDeployed();

    /** The old app makes the table of its multi form. */
    abstract void makeSessionsTable(OldApp old);

    /** A new user, who may get an id that another one had. */
    abstract long addUser(OldApp old, String phone, @Nullable String token);

    /** Another user gets the id of this one at once. */
    abstract void replaceUser(OldApp old, long user, String phone, String token);

    abstract void deleteUser(OldApp old, long user);

    /** Every connection to the database is cut, but for the old app's. */
    abstract void cutConnections(OldApp old);

    /** A row is put in that may be there. */
    abstract void putBackARow(OldApp old, long user, String token, boolean replaces);

    /** Another session takes a row id. */
    abstract void takeARow(OldApp old, String id, long user, String token, String time);

    abstract boolean hasSessionsTable(OldApp old);

    abstract String rebuiltUsers(Rebuilds.Way way);

    abstract String rebuiltSessions(Rebuilds.Way way);

    /** The same rebuild by somebody who puts the table's triggers back word for word. */
    abstract String puttingTriggersBack(OldApp old, String table, String rebuild);

    /** How a table is left as it is and loses its triggers for a while; one of several ways. */
    abstract Gap gap(OldApp old, String table, boolean isTheFirstWay);

    /** A time without triggers: the script that begins it, and the one after which all of them are there as before. */
    record Gap(String beginning, String end) {}

    /** Whether the foreign key of user_sessions goes along with a table users that is renamed out of the way, and stays there. */
    abstract boolean renamingTakesForeignKeysAlong();

    /** How many tokens were forgotten in all histories. */
    private int forgotten;

    @Test
    void every_token_opens_its_own_account_or_none_through_all_histories() {
        long firstSeed = Long.getLong("histories.seed", 1);
        int count = Integer.getInteger("histories.count", count());
        try (MemoryFolder folder = new MemoryFolder()) {
            Map<String, Integer> played = new TreeMap<>();
            for (int i = 0; i < count; i++) {
                try (OldApp old = fresh(folder.path(), i)) {
                    new History(old, firstSeed + i, played).play();
                }
            }
            // A history in which something never happens proves nothing about it.
            if (count >= count()) {
                assertThat(played.keySet())
                        .containsExactlyInAnyOrderElementsOf(
                                steps().stream().map(Step::name).toList());
                assertThat(forgotten).isGreaterThan(count / 10);
                assertThat(played).allSatisfy((step, times) -> assertThat(times).isGreaterThan(count / 10));
            }
            System.out.printf(
                    "Histories of both apps: %d from seed %d on, of %d steps; every token opened its own account or"
                            + " none after each; %d tokens were forgotten%n",
                    count,
                    firstSeed,
                    played.values().stream().mapToInt(Integer::intValue).sum(),
                    forgotten);
        }
    }

    private static boolean isNumber(@Nullable String phone) {
        return phone != null && phone.startsWith("+");
    }

    enum Step {
        SIGN_IN_HERE,
        SIGN_IN_OLD_SINGLE,
        SIGN_IN_OLD_MULTI,
        SIGN_OUT_HERE,
        END_ANOTHER_DEVICE,
        END_ALL_OTHERS,
        SWEEP,
        FORGET,
        SIGN_OUT_THERE,
        RESET_BY_ADMINISTRATOR,
        SHARE_A_TOKEN,
        SEEN_BY_OLD_APP,
        PUT_BACK_A_ROW,
        REPLACE_A_ROW,
        MOVE_A_ROW_AND_BACK,
        TRUNCATE_SESSIONS,
        TIME_PASSES,
        DELETE_USER,
        ADD_USER,
        REPLACE_USER,
        REDEPLOY,
        CHANGE_STAGE,
        UNDEPLOY,
        REBUILD_USERS,
        REBUILD_SESSIONS,
        LEAVE_UNWATCHED_FOR_A_WHILE,
        UNINSTALL_AND_DEPLOY,
        RESTART_A_NODE,
        CUT_ALL_CONNECTIONS;

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
                TRUNCATE_SESSIONS,
                DELETE_USER,
                ADD_USER,
                REPLACE_USER);

        /** What only our app does, which repairs the schema before. */
        static final Set<Step> HERE =
                EnumSet.of(SIGN_IN_HERE, SIGN_OUT_HERE, END_ANOTHER_DEVICE, END_ALL_OTHERS, SWEEP, FORGET);

        /** Deploys cost most of the time that a history takes, and a few are enough. */
        static Step some(List<Step> all, Random random) {
            Step step = all.get(random.nextInt(all.size()));
            return step.compareTo(REDEPLOY) >= 0 && random.nextInt(3) > 0 ? some(all, random) : step;
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

    private final class History {

        private final OldApp old;
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

        /** Whether our triggers are there, if only because somebody has put them back. */
        private boolean usersNoted = true;

        private boolean sessionsNoted = true;
        private final Map<Long, String> knownPhones = new HashMap<>();
        private final Map<Long, @Nullable String> knownTokens = new HashMap<>();

        /** Who got an id while nobody watched the sessions: whose those are that began in that time, nobody knows. */
        private final Set<Long> newWhileUnwatched = new HashSet<>();

        /** What every node remembers to have refused, and cannot write down. */
        private final Set<String> ranOutWhileLocked = new HashSet<>();

        private final Set<String> refused = new HashSet<>();
        private final Set<String> everyToken = new HashSet<>();
        private final List<NewApp> nodes = new ArrayList<>();
        private @Nullable Sibling sibling;
        private boolean deployedOnce;
        private Stage stage = Stage.COEXIST;
        /** Tokens of which the database has only the hash, so that the old app finds no row for them. */
        private final Set<String> hashed = new HashSet<>();

        /** When one of our nodes last gave a sign of life. */
        private @Nullable Instant alive;

        private Instant idleFrom = Instant.MIN;

        /** After an absence of more than a day the clock may be wrong, and for as long, a week at most, nothing ends by its age. */
        private Instant doubtedUntil = Instant.EPOCH;

        private Duration doubtedFor = Duration.ZERO;

        private int counter;

        History(OldApp old, long seed, Map<String, Integer> played) {
            this.old = old;
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
                    makeSessionsTable(old);
                    oldMultiSignIn(someUser());
                    oldMultiSignIn(someUser());
                }
                deploy();
                check();
                List<Step> all = steps().stream().sorted().toList();
                for (int i = 0; i < STEPS; i++) {
                    step(Step.some(all, random));
                    check();
                    NewApp here = here();
                    if (here != null && !isLocked() && i % 6 == 5) {
                        everybodyCountsTheSameSessions(here);
                    }
                }
            } catch (RuntimeException e) {
                throw new AssertionError(story(), e);
            } finally {
                if (sibling != null) {
                    sibling.close();
                }
                undeploy();
            }
        }

        /** One of our nodes; null if none is deployed. */
        private @Nullable NewApp here() {
            return nodes.size() < 2 ? nodes.stream().findFirst().orElse(null) : nodes.get(random.nextInt(nodes.size()));
        }

        /** Whether our app writes nothing, because triggers are gone that only a deploy makes anew. */
        private boolean isLocked() {
            return (usersUnwatched || sessionsUnwatched) && !nodes.isEmpty() && !mendsWhileDeployed();
        }

        private void step(Step step) {
            boolean done = perform(step);
            if (done) {
                played.merge(step.name(), 1, Integer::sum);
            }
        }

        /** False where there is nothing to do it to. */
        private boolean perform(Step step) {
            if (Step.HERE.contains(step) && isLocked()) {
                nothingIsWritten();
                return false;
            }
            if (Step.HERE.contains(step) && !nodes.isEmpty()) {
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
                case FORGET -> {
                    return forget();
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
                    deleteUser(old, user);
                    legacy.remove(user);
                    phones.remove(user);
                    if (usersNoted) {
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
                    replaceUser(old, user, phone, token);
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
                    if (nodes.isEmpty()) {
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
                case LEAVE_UNWATCHED_FOR_A_WHILE -> leaveUnwatchedForAWhile();
                case TRUNCATE_SESSIONS -> {
                    tell("truncate of all sessions");
                    old.run("TRUNCATE user_sessions");
                    sessions.values().forEach(session -> session.ended = true);
                }
                case UNINSTALL_AND_DEPLOY -> {
                    return uninstallAndDeploy();
                }
                case RESTART_A_NODE -> {
                    return restartANode();
                }
                case CUT_ALL_CONNECTIONS -> cutAllConnections();
            }
            return true;
        }

        private boolean signInHere() {
            NewApp here = here();
            if (here == null) {
                return false;
            }
            long user = someUser();
            String overwritten = legacy.get(user);
            String phone = old.one("SELECT phone FROM users WHERE id = ?", user);
            if (!isNumber(phone)) {
                return false;
            }
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
            NewApp here = here();
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
            NewApp here = here();
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
            NewApp here = here();
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
            NewApp here = here();
            if (here == null) {
                return false;
            }
            Duration time = Duration.ofMinutes(random.nextInt(60 * 12));
            tell("time passes: " + time + ", then a sweep");
            clock.advance(time);
            nodes.forEach(node -> node.sweeper.run());
            for (String token : everyToken) {
                if (sessions.containsKey(token) && expected(token) == null) {
                    session(token).ended = true;
                    // Of both forms the hash alone counts, if it is there.
                    String hash = TokenHash.of(token);
                    assertThat(old.all("""
                                    SELECT auth_token FROM multisession_tokens t
                                    WHERE (auth_token = ? OR auth_token = ?
                                      AND NOT EXISTS (SELECT 1 FROM multisession_tokens WHERE auth_token = ?))
                                      AND ended_at IS NULL AND user_id IN (SELECT id FROM users)
                                    """, hash, token, hash))
                            .as("swept %s %s", token, story())
                            .isEmpty();
                }
            }
            return true;
        }

        /** Whatever stands nowhere for long enough may be forgotten; from then on it is a token that never was. */
        private boolean forget() {
            NewApp here = here();
            if (here == null) {
                return false;
            }
            tell("looks for tokens to forget");
            lookForTokensToForget(here);
            Duration time = KEEP.plusMinutes(random.nextInt(60 * 3));
            tell("time passes: " + time + ", then another look for tokens to forget");
            clock.advance(time);
            lookForTokensToForget(here);
            return true;
        }

        private void lookForTokensToForget(NewApp here) {
            Set<String> before = remembered();
            try {
                new Forgetting(
                                here.database,
                                new EndedTokenDao(new StateDao()),
                                KEEP,
                                new SweeperLease(here.database, new StateDao(), "one of us", clock),
                                here.watch,
                                () -> true,
                                random::nextLong,
                                clock)
                        .run();
            } catch (DatabaseBusyException e) {
                // Somebody is rebuilding a table; it comes again a moment later.
            }
            before.removeAll(remembered());
            for (String token : before) {
                tell("forgotten: " + token);
                assertThat(legacy.values()).as("forgotten %s", story()).doesNotContain(token);
                assertThat(rowsOf(token)).as("forgotten %s %s", token, story()).isEmpty();
                assertThat(expected(token))
                        .as("forgotten %s %s", token, story())
                        .isNull();
                sessions.remove(token);
                refused.remove(token);
                hashed.remove(token);
                forgotten++;
            }
        }

        /** Those of all tokens that our memory knows, in either form. */
        private Set<String> remembered() {
            Set<String> known = new HashSet<>(old.all("SELECT auth_token FROM multisession_tokens"));
            Set<String> tokens = new HashSet<>(everyToken);
            tokens.removeIf(token -> !known.contains(token) && !known.contains(TokenHash.of(token)));
            return tokens;
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
            boolean replaces = random.nextBoolean();
            HistoriesContract.this.putBackARow(old, someUser(), token, replaces);
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
            takeARow(old, String.valueOf(ids.get(0)), user, taking, SqlTime.format(clock.instant()));
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
            boolean isLeftBehind = renamingTakesForeignKeysAlong() && !sessionsAreOurs;
            Rebuilds.Way way = someWay();
            Rebuild users = new Rebuild("users", way, script(rebuiltUsers(way), way));
            if (way == Rebuilds.Way.RENAME_FIRST && isLeftBehind) {
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
            return new Rebuild("user_sessions", way, script(rebuiltSessions(way), way));
        }

        private record Rebuild(String table, Rebuilds.Way way, String script) {}

        /** Two users get each other's ids on the way, as when a tool numbers the rows anew. */
        private String swapped(String rebuild) {
            List<Long> users = new ArrayList<>(legacy.keySet());
            if (users.size() < 2 || random.nextInt(3) > 0) {
                return rebuild;
            }
            Collections.shuffle(users, random);
            long one = users.get(0);
            long other = users.get(1);
            tell("users " + one + " and " + other + " change ids in this rebuild");
            for (Map<Long, ?> each : List.of(legacy, phones)) {
                swap(each, one, other);
            }
            for (long user : List.of(one, other)) {
                incarnations.merge(user, 1, Integer::sum);
                if (sessionsUnwatched) {
                    newWhileUnwatched.add(user);
                }
            }
            return rebuild.replace(
                    "SELECT id, phone",
                    "SELECT CASE id WHEN " + one + " THEN " + other + " WHEN " + other + " THEN " + one
                            + " ELSE id END, phone");
        }

        private static <T> void swap(Map<Long, T> map, long one, long other) {
            T ofOne = map.get(one);
            map.put(one, map.get(other));
            map.put(other, ofOne);
        }

        private Rebuilds.Way someWay() {
            return random.nextBoolean() ? Rebuilds.Way.BATCH : Rebuilds.Way.RENAME_FIRST;
        }

        /** The rows of a table that was renamed out of the way may be deleted before it is dropped: they live on in the new one. */
        private String script(String rebuild, Rebuilds.Way way) {
            return way == Rebuilds.Way.RENAME_FIRST && random.nextBoolean() ? Rebuilds.emptyingFirst(rebuild) : rebuild;
        }

        /** Rows may change unseen between two looks that find every trigger in its place. */
        private void leaveUnwatchedForAWhile() {
            giveASignOfLife();
            boolean isOfUsers = random.nextBoolean();
            String table = isOfUsers ? "users" : "user_sessions";
            boolean isTheFirstWay = random.nextBoolean();
            tell("nobody watches " + table + (isTheFirstWay ? ", in the first way" : ", in the second way"));
            boolean usersWereNoted = usersNoted;
            boolean sessionsWereNoted = sessionsNoted;
            Gap gap = gap(old, table, isTheFirstWay);
            old.run(gap.beginning());
            usersUnwatched |= isOfUsers;
            sessionsUnwatched |= !isOfUsers;
            usersNoted &= !isOfUsers;
            sessionsNoted &= isOfUsers;
            theOldAppGoesOn();
            tell("all triggers of " + table + " are back");
            old.run(gap.end());
            usersNoted = usersWereNoted;
            sessionsNoted = sessionsWereNoted;
            theOldAppGoesOn();
        }

        /** As every few minutes; once it is locked there is none. */
        private void giveASignOfLife() {
            NewApp here = here();
            if (here != null && !isLocked()) {
                here.heartbeat.beat();
                alive = clock.instant();
            }
        }

        private void rebuild(List<Rebuild> rebuilds) {
            boolean inAutocommit = random.nextBoolean();
            giveASignOfLife();
            NewApp here = here();
            boolean isAlsoOfUsers =
                    rebuilds.stream().anyMatch(rebuild -> rebuild.table().equals("users"));
            for (Rebuild rebuild : rebuilds) {
                tell("rebuild " + rebuild.table() + (inAutocommit ? " in autocommit, " : ", ") + rebuild.way()
                        + (rebuild.script().contains("DELETE") ? ", emptied before it is dropped" : ""));
                boolean putsBack = !inAutocommit && random.nextBoolean();
                boolean isOfUsers = rebuild.table().equals("users");
                if (inAutocommit) {
                    inAutocommit(rebuild.script(), isAlsoOfUsers);
                } else {
                    String script = isOfUsers ? swapped(rebuild.script()) : rebuild.script();
                    if (putsBack) {
                        tell("our triggers are put back word for word");
                        script = puttingTriggersBack(old, rebuild.table(), script);
                    }
                    old.run(script);
                }
                usersNoted &= putsBack || !isOfUsers;
                sessionsNoted &= putsBack || isOfUsers;
            }
            if (inAutocommit && here != null && mendsWhileDeployed()) {
                here.database.lookAfterSchema();
                usersNoted = true;
                sessionsNoted = true;
                if (isAlsoOfUsers) {
                    sessions.values().stream()
                            .filter(session -> !isNumber(phones.get(session.userId)))
                            .forEach(session -> session.ended = true);
                }
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
        private void inAutocommit(String script, boolean endsThoseWithoutNumber) {
            NewApp here = here();
            for (String statement : Rebuilds.inAutocommit(script)) {
                old.run(statement);
                if (here != null) {
                    everyTokenIsRightOrAskedToWait(here, endsThoseWithoutNumber);
                    lookForTokensToForget(here);
                }
            }
        }

        /** @param endsThoseWithoutNumber whether nobody can tell any more who they are whose sessions these are */
        private void everyTokenIsRightOrAskedToWait(NewApp here, boolean endsThoseWithoutNumber) {
            for (String token : everyToken) {
                Long expected = expected(token);
                Session session = sessions.get(token);
                boolean mayBeOver = endsThoseWithoutNumber && session != null && !isNumber(phones.get(session.userId));
                try {
                    Long opened = here.opens(token);
                    if (!mayBeOver || opened != null) {
                        assertThat(opened).as("token %s %s", token, story()).isEqualTo(expected);
                    }
                } catch (DatabaseBusyException e) {
                    // It comes again a moment later.
                }
            }
        }

        /** Nothing of ours is written, and whoever asks for it is asked to wait, until the next deploy. */
        private void nothingIsWritten() {
            NewApp here = Objects.requireNonNull(here());
            List<String> numbers =
                    phones.values().stream().filter(HistoriesContract::isNumber).toList();
            if (numbers.isEmpty()) {
                return;
            }
            tell("a sign-in here is asked to wait");
            assertThatThrownBy(() -> here.signIn(numbers.get(random.nextInt(numbers.size()))))
                    .as(story())
                    .isInstanceOf(DatabaseBusyException.class);
        }

        /** What lives on is known from the tables of the team alone, as at a first deploy. */
        private boolean uninstallAndDeploy() {
            if (everyToken.stream().anyMatch(token -> rowsOf(token).size() > 1)) {
                // One session twice, in plain and as a hash: a first migration would stop and say so.
                return false;
            }
            boolean keepsSessions = random.nextBoolean();
            tell("uninstall" + (keepsSessions ? ", but keep the sessions" : ""));
            undeploy();
            try (Source source = old.claim();
                    Database database = Database.open(source, 2, Duration.ofSeconds(5))) {
                Uninstall uninstall = uninstall(database);
                uninstall.uninstall(keepsSessions, uninstall.look(keepsSessions));
            }
            usersUnwatched = true;
            sessionsUnwatched = true;
            usersNoted = false;
            sessionsNoted = false;
            if (hasSessionsTable()) {
                theOldAppGoesOn(Step.THERE.stream()
                        .filter(step -> steps().contains(step) && step != Step.PUT_BACK_A_ROW)
                        .toList());
            }
            sessions.clear();
            refused.clear();
            for (String token : everyToken) {
                for (long owner : hasSessionsTable() ? rowsOf(token) : List.<Long>of()) {
                    Session session = new Session(owner, incarnation(owner), clock.instant());
                    session.ended = !legacy.containsKey(owner);
                    sessions.put(token, session);
                }
            }
            hashed.retainAll(sessions.keySet());
            tell("what lives on: " + sessions.keySet());
            nowIsKnown();
            alive = null;
            idleFrom = Instant.MIN;
            doubtedUntil = Instant.EPOCH;
            doubtedFor = Duration.ZERO;
            deployedOnce = false;
            tell("deploy again");
            deploy();
            return true;
        }

        private boolean hasSessionsTable() {
            return HistoriesContract.this.hasSessionsTable(old);
        }

        /** Whose rows have this token, in either form. */
        private List<Long> rowsOf(String token) {
            return old
                    .all("SELECT user_id FROM user_sessions WHERE auth_token IN (?, ?)", token, TokenHash.of(token))
                    .stream()
                    .map(owner -> Long.parseLong(String.valueOf(owner)))
                    .toList();
        }

        /** Beside another one that goes on. */
        private boolean restartANode() {
            if (nodes.size() < 2 || isLocked()) {
                return false;
            }
            boolean isKilled = random.nextBoolean();
            tell(isKilled ? "kill and restart one node" : "restart one node");
            NewApp going = nodes.remove(random.nextInt(nodes.size()));
            if (isKilled) {
                nodes.get(0).heartbeat.beat();
                going.kill();
            } else {
                going.close();
            }
            nodes.add(NewApp.deploy(old.claim(), RULES, stage, clock));
            if (stage != Stage.COEXIST) {
                hashed.addAll(sessions.keySet());
            }
            alive = clock.instant();
            return true;
        }

        /** As by a restart of the server. */
        private void cutAllConnections() {
            tell("all connections are cut");
            cutConnections(old);
            Objects.requireNonNull(sibling).close();
            sibling = openSibling(old);
            for (NewApp node : nodes) {
                everyTokenIsRightOrAskedToWait(node, false);
                useAllConnections(node);
            }
        }

        /** Those of the pool that are broken are replaced when they are used. */
        private void useAllConnections(NewApp node) {
            Database.Work<Handle, Boolean> look = handle -> handle.query(ONE).exists();
            for (int tries = 0; tries < 3; tries++) {
                try {
                    node.database.<Boolean>read(handle -> look.run(handle) && node.database.<Boolean>read(look));
                    return;
                } catch (DatabaseException e) {
                    assertThat(e).isInstanceOf(DatabaseBusyException.class);
                }
            }
            throw new AssertionError("the connections stay broken " + story());
        }

        /** Before our app, if it is there, is asked again. */
        private void theOldAppGoesOn() {
            theOldAppGoesOn(Step.THERE.stream().filter(steps()::contains).toList());
        }

        private void theOldAppGoesOn(List<Step> there) {
            for (int i = random.nextInt(4); i > 0; i--) {
                step(there.get(random.nextInt(there.size())));
            }
        }

        /** Our app has looked at the schema, and has ended what could not be told. */
        private void repaired() {
            if (!usersUnwatched && !sessionsUnwatched) {
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
            sessions.replaceAll((token, session) -> session.noted || session.ended
                    ? session
                    // Its clocks start where it became known.
                    : new Session(session.userId, session.incarnation, clock.instant()));
            nowIsKnown();
            refuseShared();
        }

        private void nowIsKnown() {
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

        private void begin(String token, long user) {
            Session session = new Session(user, incarnation(user), clock.instant());
            session.noted = sessionsNoted;
            sessions.put(token, session);
        }

        private void setLegacy(long user, @Nullable String token) {
            boolean changes = !Objects.equals(legacy.put(user, token), token);
            if (changes && usersNoted) {
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
            if (usersNoted) {
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
            long user = HistoriesContract.this.addUser(old, phone, token);
            tell("new user " + user + ", token " + token);
            isNew(user, phone, token);
        }

        private void deploy() {
            for (int i = 0; i < nodes(); i++) {
                nodes.add(NewApp.deploy(old.claim(), RULES, stage, clock));
            }
            Instant since = alive;
            alive = clock.instant();
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
                sibling = sibling == null ? openSibling(old) : sibling;
                refuseShared();
                // Clocks of what is older than the first deploy start there.
                sessions.replaceAll((token, session) ->
                        session.ended ? session : new Session(session.userId, session.incarnation, clock.instant()));
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
            if (!nodes.isEmpty() && !isLocked()) {
                alive = clock.instant();
            }
            nodes.forEach(NewApp::close);
            nodes.clear();
            ranOutWhileLocked.clear();
        }

        private void check() {
            if (isLocked()) {
                nodes.forEach(this::checkLocked);
                everyToken.stream()
                        .filter(token -> expected(token) == null && expectedWithoutClocks(token) != null)
                        .forEach(ranOutWhileLocked::add);
            } else if (!nodes.isEmpty()) {
                boolean isToBeRepaired = usersUnwatched || sessionsUnwatched;
                repaired();
                lookForTokensToForget(nodes.get(random.nextInt(nodes.size())));
                nodes.forEach(this::checkOurs);
                if (isToBeRepaired) {
                    // As every five seconds, where no request has been the reason yet.
                    nodes.forEach(node -> node.database.lookAfterSchema());
                }
            }
            List<String> tokens = everyToken.stream().sorted().toList();
            List<@Nullable Long> opened = Objects.requireNonNull(sibling).opens(tokens);
            for (int i = 0; i < tokens.size(); i++) {
                // Nobody notices what runs out while our app is away.
                Long expected =
                        nodes.isEmpty() || isLocked() ? expectedWithoutClocks(tokens.get(i)) : expected(tokens.get(i));
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
            assertThat(uninstall(here.database).look(false).sessions())
                    .as("uninstall %s", story())
                    .isEqualTo(opened);
            assertThat(census.latest().orElseThrow().sessions())
                    .as("the census %s", story())
                    .isEqualTo(opened);
            verifiedSessions(here)
                    .ifPresent(verified -> assertThat(verified)
                            .as("the verification %s", story())
                            .isEqualTo(opened));
        }

        /** Who is let in is let in; nobody else is, and who may have come in unseen is asked to wait. Nothing is written. */
        private void checkLocked(NewApp here) {
            for (String token : everyToken) {
                Long expected = ranOutWhileLocked.contains(token) ? null : expected(token);
                try {
                    assertThat(here.opens(token))
                            .as("token %s %s", token, story())
                            .isEqualTo(expected);
                } catch (DatabaseBusyException e) {
                    assertThat(expected)
                            .as("asked to wait: token %s %s", token, story())
                            .isNull();
                }
            }
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
            return session.noted && (!usersUnwatched || isWhoTheyWere(session.userId));
        }

        /** Only a number tells. */
        private boolean isWhoTheyWere(long user) {
            String phone = phones.get(user);
            return isNumber(phone) && Objects.equals(knownPhones.get(user), phone);
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
            // Some have none, and nothing in their row tells who they are.
            return (random.nextInt(6) == 0 ? "nobody%d" : "+7999%07d").formatted(counter++);
        }

        private void tell(String what) {
            told.add(what);
        }

        private String story() {
            return "in the history of seed " + seed + ":\n" + String.join("\n", told) + "\n";
        }
    }
}
