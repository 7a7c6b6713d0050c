package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.multisession.db.Database;
import org.multisession.db.DatabaseBusyException;
import org.multisession.db.DatabaseException;
import org.multisession.db.DatabaseReplacedException;
import org.multisession.db.Handle;
import org.multisession.db.Source;
import org.multisession.db.Sql;
import org.multisession.db.SqlTime;
import org.multisession.migration.MoveStatus;
import org.multisession.migration.Uninstall;
import org.multisession.otp.ChallengeSecret;
import org.multisession.otp.CodeRules;
import org.multisession.otp.Delivery;
import org.multisession.otp.OneTimeCodes.CodeRequestResult;
import org.multisession.otp.OneTimeCodes.Refusal;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.EndedTokenDao;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.session.StateDao;
import org.multisession.session.SweeperLease;
import org.multisession.session.TokenHashing;
import org.multisession.session.TokenHashingDao;
import org.multisession.testing.CodeApp;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.Rebuilds;
import org.multisession.testing.Sibling;
import org.multisession.testing.TestClock;
import org.multisession.token.Presented;
import org.multisession.token.SessionId;
import org.multisession.token.SessionToken;
import org.multisession.token.TokenHash;
import org.multisession.user.User;

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

    private static final String UPSERT = "INSERT INTO users (id, phone, auth_token) VALUES (?, ?, ?)"
            + " ON CONFLICT (id) DO UPDATE SET auth_token = excluded.auth_token, phone = excluded.phone";

    private static final String UPSERT_OF_SESSION =
            "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (?, ?, ?, ?)"
                    + " ON CONFLICT (auth_token) DO UPDATE SET last_seen_at = excluded.last_seen_at";

    /** What somebody changes, and what changes it back. */
    private static final List<Change> CHANGES_AND_BACK = List.of(
            changes("users RENAME TO users_away", "users_away RENAME TO users"),
            changes("users RENAME COLUMN auth_token TO token", "users RENAME COLUMN token TO auth_token"),
            changes("users RENAME COLUMN phone TO number", "users RENAME COLUMN number TO phone"),
            changes("user_sessions RENAME TO sessions_away", "sessions_away RENAME TO user_sessions"),
            changes(
                    "user_sessions RENAME COLUMN auth_token TO token",
                    "user_sessions RENAME COLUMN token TO auth_token"),
            changes("user_sessions RENAME COLUMN user_id TO owner", "user_sessions RENAME COLUMN owner TO user_id"),
            changes("users ADD COLUMN note VARCHAR(20)", "users DROP COLUMN note"),
            changes("user_sessions ADD COLUMN note VARCHAR(20)", "user_sessions DROP COLUMN note"));

    private record Change(String there, String back) {}

    private static Change changes(String there, String back) {
        return new Change("ALTER TABLE " + there, "ALTER TABLE " + back);
    }

    private static final int STEPS = 30;
    private static final Duration IDLE = Duration.ofHours(10);
    private static final Duration LIFETIME = Duration.ofHours(100);
    private static final Duration KEEP = Duration.ofHours(1);
    private static final CodeRules CODES = new CodeRules(
            Duration.ofMinutes(5),
            3,
            Duration.ZERO,
            new CodeRules.Limits(1000, 1000, 1000, 1000, 1000, 1000, 0),
            Delivery.PLAIN);
    private static final SessionRules RULES = new SessionRules(IDLE, LIFETIME, 6, Duration.ofSeconds(1));

    /** An empty database of the old app with a users table, in this folder. */
    abstract OldApp fresh(Path folder, int number);

    /** How many histories are played if nobody says otherwise. */
    abstract int count();

    /** How many nodes of our app are deployed on this database. */
    abstract int nodes(OldApp old);

    /** What can happen there. */
    abstract Set<Step> steps();

    /** How many sessions a migration that ran now would find in its verification; empty if it has none. */
    abstract OptionalLong verifiedSessions(NewApp app);

    abstract Uninstall uninstall(Database database);

    /** Plays a migration and takes it back. */
    abstract void dryRun(NewApp app);

    /** Whose account each token opens after a deploy, as the check says; nothing where it cannot be asked. */
    abstract Map<String, @Nullable Long> foreseen(OldApp old, Stage stage, SessionRules rules, TestClock clock);

    /** Whether our app makes triggers anew that a rebuild has taken while it is deployed, or the next deploy does. */
    abstract boolean mendsWhileDeployed();

    /** The old app makes the table of its multi form. */
    abstract void makeSessionsTable(OldApp old);

    /** Another connection to this database. */
    abstract OldApp another(OldApp old);

    /** A new user, who may get an id that another one had. */
    abstract long addUser(OldApp old, String phone, @Nullable String token);

    /** Another user gets the id of this one at once. */
    abstract void replaceUser(OldApp old, long user, String phone, String token);

    abstract void deleteUser(OldApp old, long user);

    /** A user gets another id, which their sessions do not. */
    abstract void renumberUser(OldApp old, long user, long id);

    /** A trigger of the team's that leaves out such rows of user_sessions in silence, until it is dropped. */
    abstract void leaveOutSessions(OldApp old, String condition);

    abstract void dropTheTeamsTrigger(OldApp old);

    /** What tidies a database up and changes nothing in it, in several ways. */
    abstract List<String> tidying();

    /** The other journal mode, if nobody else is in the way. */
    abstract void changeJournal(OldApp old);

    /** Copies the database, to be put in its place some day. */
    abstract void backUp(OldApp old);

    /** Puts the latest copy in its place, while our app is away. */
    abstract void restore(OldApp old);

    /** The same by another file in its place, whoever has it open. */
    abstract OldApp replaced(OldApp old);

    /** The same database, made anew from its dump while our app is away. */
    abstract OldApp dumpedAndRead(OldApp old);

    /** The same in a database of the other kind, a new one or one that it was copied to before, while our app is away. */
    abstract OldApp copiedThere(OldApp old, @Nullable OldApp before, TestClock clock);

    /** The same in a database of this kind, a new one or the one that it all came from. */
    abstract OldApp copiedBack(OldApp there, @Nullable OldApp first, TestClock clock);

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
                assertThat(forgotten).isGreaterThan(count / 20);
                assertThat(played).allSatisfy((step, times) -> assertThat(times).isGreaterThan(count / 50));
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

    private final class History {

        private OldApp old;
        private final Random random;
        private final long seed;
        private final Map<String, Integer> played;
        private final TestClock clock = new TestClock();

        /** By which triggers go, whatever the clock says. */
        private final Instant beginning = clock.instant();

        private final PromisedClock promised = new PromisedClock(clock);
        private final List<String> told = new ArrayList<>();

        private final Map<String, PromisedSession> sessions = new HashMap<>();
        private final Map<Long, @Nullable String> legacy = new TreeMap<>();
        private final Map<Long, Integer> incarnations = new HashMap<>();
        private final Map<Long, String> phones = new HashMap<>();

        /** Whether a rebuild took our triggers, and what was known of each user when they were last there. */
        private boolean usersUnwatched;

        private boolean sessionsUnwatched;

        /** Whether our triggers are there, if only because somebody has put them back. */
        private boolean usersNoted = true;

        private boolean sessionsNoted = true;
        /** Whether the next look at the schema, which is a migration too, makes something anew that was there all the time. */
        private boolean isToBeMended;

        private final Map<Long, String> knownPhones = new HashMap<>();
        private final Map<Long, @Nullable String> knownTokens = new HashMap<>();

        /** The numbers of users who were deleted, which others may get. */
        private final Set<String> formerNumbers = new TreeSet<>();

        /** The numbers of those who were deleted while nobody watched the users, by the ids that are free since. */
        private final Map<Long, String> goneUnseen = new HashMap<>();

        /** Who got an id while nobody watched the sessions: whose those are that began in that time, nobody knows. */
        private final Set<Long> newWhileUnwatched = new HashSet<>();

        /** What every node remembers to have refused, and cannot write down. */
        private final Set<String> ranOutWhileLocked = new HashSet<>();

        private final Set<String> refused = new HashSet<>();
        private final Set<String> everyToken = new HashSet<>();
        private final List<NewApp> nodes = new ArrayList<>();
        private @Nullable Sibling sibling;
        private boolean deployedOnce;
        /** Of the latest deploy. */
        private Stage deployed = Stage.COEXIST;

        private final Map<NewApp, Stage> stages = new HashMap<>();

        /** Of the node that is asked, or else of the latest deploy. */
        private Stage stage = Stage.COEXIST;

        /** Tokens of which the database has only the hash, so that the old app finds no row for them. */
        private final Set<String> hashed = new HashSet<>();

        /** Of the challenges that somebody has. */
        private final List<PromisedCode> codes = new ArrayList<>();

        private boolean isInTransaction;

        /** When nobody remembers what has ended. */
        private boolean isUninstalled;

        private int counter;

        /** Goes back to what was known when the latest backup was made. */
        private @Nullable Runnable backup;

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
                old.close();
            }
        }

        /** One of our nodes; null if none is deployed. */
        private @Nullable NewApp here() {
            NewApp here = nodes.size() < 2
                    ? nodes.stream().findFirst().orElse(null)
                    : nodes.get(random.nextInt(nodes.size()));
            stage = here == null ? deployed : stageOf(here);
            return here;
        }

        private Stage stageOf(NewApp node) {
            return Objects.requireNonNull(stages.get(node));
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
                case REGISTER_HERE -> {
                    return registerHere();
                }
                case ASK_FOR_A_CODE -> {
                    return askForACode();
                }
                case TRY_A_CODE -> {
                    return tryACode();
                }
                case SIGN_IN_OLD_SINGLE -> {
                    long user = someUser();
                    String token = newToken("single");
                    boolean upserts = random.nextInt(4) == 0;
                    tell("old single sign-in of " + user + " as " + token + (upserts ? " by an upsert" : ""));
                    if (upserts) {
                        old.run(UPSERT, user, phones.get(user), token);
                    } else {
                        there(app -> app.signInSingle(user, token));
                    }
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
                case REVOKE -> {
                    return revoke();
                }
                case FORGET_A_USER -> {
                    return forgetAUser();
                }
                case LEFT_OUT_BY_A_TRIGGER -> {
                    return leftOutByATrigger();
                }
                case SWEEP -> {
                    return sweep();
                }
                case TEND -> {
                    return tend();
                }
                case LOOK_AT_EVERYTHING -> {
                    return lookAtEverything();
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
                    there(app -> app.signOut(token));
                    session(token).ended = true;
                }
                case SIGN_OUT_ALL_THERE -> {
                    long user = someUser();
                    tell("old sign-out of all sessions of " + user);
                    old.run("DELETE FROM user_sessions WHERE user_id = ?", user);
                    ofUser(user).forEach(session -> session.ended = true);
                }
                case RESET_BY_ADMINISTRATOR -> {
                    long user = someUser();
                    String value = aReset();
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
                    there(app -> app.signInSingle(to, token));
                    setLegacy(to, token);
                }
                case SEEN_BY_OLD_APP -> {
                    String token = someSession();
                    if (token == null || hashed.contains(token)) {
                        return false;
                    }
                    tell("old app saw " + token);
                    // The row may be gone with its user.
                    boolean upserts = random.nextInt(4) == 0 && !rowsOf(token).isEmpty();
                    there(app -> see(app, token, upserts));
                    // The old app knows no timeout: what it lets in counts as used. What ended here has no row there.
                    session(token).seen = clock.instant();
                }
                case POINT_AT_A_SESSION -> {
                    return pointAtASession();
                }
                case PUT_BACK_A_ROW -> {
                    return putBackARow();
                }
                case MAKE_SESSIONS_OF_TOKENS -> {
                    return makeSessionsOfTokens();
                }
                case IN_ONE_TRANSACTION -> inOneTransaction();
                case TIME_PASSES -> {
                    Duration time = Duration.ofMinutes(random.nextInt(60 * 12));
                    tell("time passes: " + time);
                    clock.advance(time);
                }
                case CLOCK_JUMPS -> clockJumps();
                case DELETE_USER -> {
                    if (legacy.size() < 2) {
                        return false;
                    }
                    long user = someUser();
                    tell("delete user " + user);
                    there(app -> deleteUser(app, user));
                    isGone(user);
                }
                case ADD_USER -> addUser();
                case REPLACE_USER -> {
                    long user = someUser();
                    String token = newToken("replaced");
                    String phone = random.nextInt(4) == 0 ? phoneOf(user) : newPhone(user);
                    tell("replace user " + user + ", token " + token + ", number " + phone);
                    there(app -> replaceUser(app, user, phone, token));
                    isNew(user, phone, token);
                }
                case MERGE_USERS -> {
                    return mergeUsers();
                }
                case RENUMBER_A_USER -> {
                    long user = someUser();
                    long id = Collections.max(legacy.keySet()) + 1 + random.nextInt(2);
                    tell("user " + user + " gets the id " + id);
                    renumberUser(old, user, id);
                    String token = legacy.get(user);
                    String phone = phoneOf(user);
                    ofUser(user).forEach(session -> session.ended |= session.noted);
                    isGone(user);
                    isNew(id, phone, token);
                }
                case CHANGE_A_NUMBER -> changeANumber();
                case KILL_AND_DEPLOY -> {
                    tell("kill and deploy");
                    nodes.forEach(NewApp::kill);
                    forgetNodes();
                    deploy();
                }
                case BACK_UP -> {
                    tell("a backup is made");
                    backUp(old);
                    backup = snapshot();
                }
                case RESTORE -> {
                    return restoreTheBackup();
                }
                case DUMP_AND_READ -> {
                    tell("dumped, read again, and deployed");
                    undeploy();
                    // A log that stayed would be taken for the new file's own.
                    Objects.requireNonNull(sibling).close();
                    goOnWith(dumpedAndRead(old));
                    deploy();
                }
                case COPY_THERE_AND_BACK -> copyThereAndBack();
                case REDEPLOY -> {
                    tell("redeploy");
                    undeploy();
                    if (random.nextInt(3) == 0) {
                        deployAsChecked();
                    } else {
                        deploy();
                    }
                }
                case CHANGE_STAGE -> {
                    deployed = someStage();
                    tell("redeploy in stage " + deployed);
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
                case ROTATE_A_TOKEN -> {
                    return rotateAToken();
                }
                case MOVE_A_ROW_AND_BACK -> {
                    return moveARowAndBack();
                }
                case REBUILD_USERS -> rebuildUsers();
                case REBUILD_SESSIONS -> rebuildSessions();
                case LEAVE_UNWATCHED_FOR_A_WHILE -> leaveUnwatchedForAWhile();
                case DROP_SESSIONS -> dropSessions();
                case RENAME_AND_BACK -> {
                    return renameAndBack();
                }
                case TIDY_UP -> {
                    String sql = tidying().get(random.nextInt(tidying().size()));
                    tell(sql);
                    old.run(sql);
                }
                case CHANGE_JOURNAL -> {
                    tell("another journal");
                    changeJournal(old);
                }
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
            String phone = old.one("SELECT phone FROM users WHERE id = ?", user);
            if (!isNumber(phone)) {
                return false;
            }
            if (isShared(phone)) {
                tell("sign-in here of " + user + ", whose number is another's too");
                assertThat(here.trySignIn(phone)).as(story()).isEqualTo(new SignIn.Result.AmbiguousNumber());
                return true;
            }
            List<String> presented = someTokens();
            signedIn(user, here.signIn(phone, NewApp.CLIENT, presented(presented)), presented);
            return true;
        }

        private void signedIn(long user, String token, List<String> presented) {
            String overwritten = legacy.get(user);
            tell("sign-in here of " + user + " as " + token + " over " + overwritten + ", presenting " + presented);
            everyToken.add(token);
            // One browser, one session; what other devices may hold as well is not this browser's.
            presented.stream()
                    .filter(each -> sessions.containsKey(each) && isOwn(session(each), user))
                    .filter(each -> !session(each).shared)
                    .forEach(each -> session(each).ended = true);
            if (stage == Stage.COEXIST) {
                if (isAdopted(overwritten)) {
                    begin(Objects.requireNonNull(overwritten), user);
                    session(Objects.requireNonNull(overwritten)).shared = true;
                } else if (overwritten != null && !overwritten.isEmpty() && !sessions.containsKey(overwritten)) {
                    refused.add(overwritten);
                }
                setLegacy(user, token);
            } else {
                hashed.add(token);
            }
            begin(token, user);
            evict(user, token);
        }

        private boolean isShared(String phone) {
            return Collections.frequency(phones.values(), phone) > 1;
        }

        /** Whoever has a number that nobody has becomes a new user by it. */
        private boolean registerHere() {
            NewApp here = here();
            String phone = newPhone(Long.MIN_VALUE);
            if (here == null || !isNumber(phone)) {
                return false;
            }
            registered(phone, here.signIn(phone));
            return true;
        }

        private void registered(String phone, String token) {
            long user = Long.parseLong(old.one("SELECT id FROM users WHERE phone = ?", phone));
            tell("registration here of " + user + " as " + token + ", number " + phone);
            everyToken.add(token);
            isNew(user, phone, stage == Stage.COEXIST ? token : null);
            begin(token, user);
            if (stage != Stage.COEXIST) {
                hashed.add(token);
            }
        }

        /** The number's owner of now asks for a code, or somebody who has asked already asks for another. */
        private boolean askForACode() {
            NewApp here = here();
            List<PromisedCode> open =
                    codes.stream().filter(code -> !code.isOver).toList();
            boolean again = !open.isEmpty() && random.nextBoolean();
            PromisedCode held = again ? open.get(random.nextInt(open.size())) : null;
            String phone = held == null ? phoneOf(someUser()) : held.number;
            if (here == null || !isNumber(phone) || Collections.frequency(phones.values(), phone) != 1) {
                return false;
            }
            try (CodeApp app = CodeApp.over(here, CODES, clock)) {
                CodeRequestResult asked = app.ask(phone, CodeApp.HOME, held == null ? null : held.secret);
                if (asked instanceof CodeRequestResult.Limited) {
                    // A request that a clock which was ahead has left counts for a day.
                    return false;
                }
                ChallengeSecret secret = CodeApp.challenged(asked);
                String code = app.sent.next().code();
                tell((again ? "another code " : "a code ") + code + " for " + phone);
                if (held != null && secret.value().equals(held.secret.value())) {
                    held.isSent(code, clock.instant());
                } else {
                    codes.add(new PromisedCode(secret, phone, CODES, code, clock.instant()));
                }
            }
            return true;
        }

        /** Good for whoever has the number now, once. */
        private boolean tryACode() {
            NewApp here = here();
            PromisedCode asked = codes.isEmpty() ? null : codes.get(random.nextInt(codes.size()));
            if (here == null || asked == null) {
                return false;
            }
            List<Long> owners = phones.entrySet().stream()
                    .filter(entry -> asked.number.equals(entry.getValue()))
                    .map(Map.Entry::getKey)
                    .toList();
            if (owners.isEmpty() && !steps().contains(Step.REGISTER_HERE)) {
                return false;
            }
            Instant now = clock.instant();
            List<String> presented = someTokens();
            String code = asked.some(random);
            CodeSignIn.Result result;
            try (CodeApp app = CodeApp.over(here, CODES, clock)) {
                result = app.codes.signIn(asked.secret, code, NewApp.CLIENT, presented(presented));
            }
            Refusal refusal = asked.attempt(code, now);
            tell("code " + code + " for " + asked.number + " of " + owners + ": "
                    + (refusal == null ? "right" : refusal));
            if (refusal != null || owners.size() > 1) {
                assertThat(result)
                        .as(story())
                        .isEqualTo(new CodeSignIn.Result.Refused(refusal == null ? Refusal.WRONG : refusal));
                return true;
            }
            assertThat(result).as(story()).isInstanceOf(CodeSignIn.Result.Started.class);
            String token =
                    ((CodeSignIn.Result.Started) result).session().token().value();
            if (owners.isEmpty()) {
                registered(asked.number, token);
            } else {
                signedIn(owners.get(0), token, presented);
            }
            return true;
        }

        /** Whether a sign-in makes a session of the legacy token that it overwrites. */
        private boolean isAdopted(@Nullable String overwritten) {
            return stage == Stage.COEXIST
                    && overwritten != null
                    && everyToken.contains(overwritten)
                    && !sessions.containsKey(overwritten)
                    && !refused.contains(overwritten)
                    && legacy.values().stream().filter(overwritten::equals).count() == 1;
        }

        /** What a browser may present beside other things: nothing, or a cookie or two, good ones or not. */
        private List<String> someTokens() {
            List<String> tokens = new ArrayList<>();
            for (int i = random.nextInt(3); i > 0; i--) {
                tokens.add(Objects.requireNonNullElse(someToken(), "never-was"));
            }
            return tokens;
        }

        private static Presented presented(List<String> tokens) {
            return new Presented(tokens.stream()
                    .map(token -> List.of(new SessionToken(token)))
                    .toList());
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
            Instant now = clock.instant();
            Instant youngestGone = gone.stream()
                    .map(token -> session(token).lastActiveAt(now))
                    .max(Instant::compareTo)
                    .orElseThrow(() -> new AssertionError("nothing evicted of " + ofUser.size() + story()));
            assertThat(gone).as("evicted %s", story()).hasSize(surplus).doesNotContain(newest);
            for (String token : ofUser) {
                if (gone.contains(token)) {
                    session(token).ended = true;
                } else {
                    assertThat(session(token).lastActiveAt(now))
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
            List<String> presented = someTokens();
            presented.add(random.nextInt(presented.size() + 1), token);
            tell("sign-out here of " + presented);
            here.signOut(presented(presented));
            // A legacy token is forgotten by this browser alone.
            presented.stream().filter(sessions::containsKey).forEach(each -> session(each).ended = true);
            return true;
        }

        /** What an operator ends. */
        private boolean revoke() {
            NewApp here = here();
            String some = someSession();
            if (here == null || some == null) {
                return false;
            }
            long user = someUser();
            Duration age = Duration.ofHours(random.nextInt(50));
            Revocation.Target target = switch (random.nextInt(7)) {
                case 0 -> new Revocation.Target.Everyone();
                case 1, 2 -> new Revocation.Target.OlderThan(age);
                case 3, 4 -> new Revocation.Target.OneSession(handle(some));
                default -> new Revocation.Target.OneUser(user);
            };
            List<String> meant = everyToken.stream()
                    .filter(token -> sessions.containsKey(token) && expected(token) != null)
                    .filter(token -> target instanceof Revocation.Target.Everyone
                            || (target instanceof Revocation.Target.OneUser && session(token).userId == user)
                            || (target instanceof Revocation.Target.OneSession && token.equals(some))
                            || (target instanceof Revocation.Target.OlderThan
                                    && session(token)
                                            .startedAt(clock.instant())
                                            .plus(age)
                                            .isBefore(clock.instant())))
                    .toList();
            tell("revocation of " + target + ": " + meant);
            assertThat(revocation(here).revoke(target).sessions()).as(story()).isEqualTo(meant.size());
            meant.forEach(this::end);
            if (target instanceof Revocation.Target.Everyone) {
                legacy.values().forEach(this::endLegacy);
            } else if (target instanceof Revocation.Target.OneUser) {
                endLegacy(legacy.get(user));
            }
            return true;
        }

        /** What our app does behind the requests, but for ending and forgetting, changes nothing for anybody. */
        private boolean tend() {
            NewApp here = here();
            if (here == null) {
                return false;
            }
            tell("housekeeping");
            here.signInSweep.run();
            here.deviceSweep.run();
            int unused = here.phoneReading.run(() -> true);
            boolean isSettled = !old.one("SELECT value FROM multisession_state WHERE name = 'stage'")
                    .equals(Stage.COEXIST.stored());
            unused = new TokenHashing(here.database, new TokenHashingDao(), new StateDao(), () -> true)
                    .runWhileSettled();
            if (isSettled) {
                hashed.addAll(sessions.keySet());
            }
            return true;
        }

        /** Who only looks changes nothing. */
        private boolean lookAtEverything() {
            NewApp here = here();
            if (here == null) {
                return false;
            }
            tell("an export, a count of everybody's sessions, the status and a dry run");
            String before = old.dump();
            personalData(here).export(new User(someUser(), null, null));
            Revocation.Outcome all = revocation(here).count(new Revocation.Target.Everyone());
            assertThat(all.sessions()).as(story()).isEqualTo((int) everyToken.stream()
                    .filter(token -> sessions.containsKey(token) && expected(token) != null)
                    .count());
            assertThat(uninstall(here.database).look(random.nextBoolean()).sessions())
                    .as(story())
                    .isEqualTo(all.sessions());
            here.database.read(
                    handle -> MoveStatus.of(handle, here.missing(handle), clock.instant(), Duration.ofDays(30)));
            dryRun(here);
            assertThat(old.dump()).as("only looked at %s", story()).isEqualTo(before);
            return true;
        }

        private PersonalData personalData(NewApp here) {
            return new PersonalData(
                    here.database, here.sessions, revocation(here), new AuthEventDao(), new PhoneNumbers("RU"), clock);
        }

        private boolean forgetAUser() {
            NewApp here = here();
            if (here == null) {
                return false;
            }
            long user = someUser();
            tell("everything of " + user + " is forgotten");
            personalData(here).forget(new User(user, phones.get(user), null));
            Map<String, Object> left = personalData(here).export(new User(user, phones.get(user), null));
            left.keySet().removeAll(Set.of("exportedAt", "user"));
            assertThat(left.values()).as("left %s", story()).allMatch(each -> each.equals(List.of()));
            assertThat(old.all("SELECT auth_token FROM multisession_tokens WHERE user_id = ?", user))
                    .as("forgotten %s", story())
                    .isEmpty();
            ofUser(user).forEach(session -> session.ended = true);
            endLegacy(legacy.get(user));
            codes.stream().filter(code -> code.number.equals(phoneOf(user))).forEach(code -> code.isOver = true);
            return true;
        }

        private Revocation revocation(NewApp here) {
            return new Revocation(here.database, here.sessions, here.users, () -> true, clock);
        }

        /** Nothing of a sign-in stays whose session, or the one that it adopts, is not kept. */
        private boolean leftOutByATrigger() {
            NewApp here = here();
            long user = someUser();
            String phone = phoneOf(user);
            boolean isOfAdoption = random.nextBoolean();
            if (here == null || !isNumber(phone) || isShared(phone) || (isOfAdoption && !isAdopted(legacy.get(user)))) {
                return false;
            }
            tell("a trigger leaves out " + (isOfAdoption ? "what is adopted" : "new sessions") + " of " + user);
            leaveOutSessions(old, isOfAdoption ? "NEW.created_at IS NULL" : "NEW.user_id IS NOT NULL");
            assertThatThrownBy(() -> here.signIn(phone)).as(story()).isInstanceOf(DatabaseException.class);
            dropTheTeamsTrigger(old);
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

        private void endLegacy(@Nullable String token) {
            if (token != null && everyToken.contains(token) && !sessions.containsKey(token)) {
                refused.add(token);
            }
        }

        private List<PromisedSession> ofUser(long user) {
            return sessions.values().stream()
                    .filter(session -> session.userId == user)
                    .toList();
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
            if (promised.believes()) {
                sessions.values().stream()
                        .filter(session ->
                                session.recorded.isAfter(clock.instant().plus(Duration.ofDays(1))))
                        .forEach(session -> session.recorded = clock.instant());
            }
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

        /** None, an empty one, a new one, or what somebody has read in another column. */
        private @Nullable String aReset() {
            return switch (random.nextInt(7)) {
                case 0, 1 -> null;
                case 2, 3 -> "";
                case 4 -> TokenHash.of(Objects.requireNonNullElse(someToken(), ""));
                default -> newToken("reset");
            };
        }

        /** The token of a session, living or ended, is put where a legacy token stands. */
        private boolean pointAtASession() {
            List<String> tokens = sessions.keySet().stream()
                    // Of what came and went unseen nobody knows anything.
                    .filter(token -> session(token).noted || !session(token).ended)
                    .sorted()
                    .toList();
            if (tokens.isEmpty()) {
                return false;
            }
            String token = tokens.get(random.nextInt(tokens.size()));
            long user = someUser();
            tell("legacy token of " + user + " set to the session " + token);
            there(app -> app.signInSingle(user, token));
            setLegacy(user, token);
            return true;
        }

        private void see(OldApp app, String token, boolean upserts) {
            if (upserts) {
                String time = SqlTime.format(clock.instant());
                app.run(UPSERT_OF_SESSION, session(token).userId, token, time, time);
            } else {
                app.seen(token, clock.instant());
            }
        }

        /** As an old app that is about to have many sessions does with the one that each user has. */
        private boolean makeSessionsOfTokens() {
            if (!sessionsNoted) {
                // Unseen, it may also have ended again, and what it was before nobody can tell from what it is.
                return false;
            }
            String time = SqlTime.format(clock.instant());
            legacy.forEach((user, token) -> {
                boolean isShared = Collections.frequency(legacy.values(), token) > 1;
                PromisedSession session = sessions.get(token);
                // Of what came and went unseen nobody knows anything.
                if (isUninstalled
                        || token == null
                        || !everyToken.contains(token)
                        || isShared
                        || !old.all("SELECT 1 FROM user_sessions WHERE auth_token = ?", token)
                                .isEmpty()
                        || (session != null && (!session.noted || !session.ended))) {
                    return;
                }
                tell("token " + token + " of " + user + " is made a session");
                old.run(
                        "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at)"
                                + " VALUES (?, ?, ?, ?)",
                        user,
                        token,
                        time,
                        time);
                if (session == null && !refused.contains(token)) {
                    beginThere(token, user);
                }
            });
            return true;
        }

        /** Nobody sees any of it before it is committed, or ever, if it is not. */
        private void inOneTransaction() {
            Runnable before = snapshot();
            Map<NewApp, Map<String, @Nullable Long>> opened = new HashMap<>();
            for (NewApp node : nodes) {
                stage = stageOf(node);
                Map<String, @Nullable Long> ofNode = new HashMap<>();
                everyToken.forEach(token -> ofNode.put(token, expected(token)));
                opened.put(node, ofNode);
            }
            tell("begin");
            old.run("BEGIN");
            isInTransaction = true;
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                List<Step> there = Step.IN_A_TRANSACTION;
                step(there.get(random.nextInt(there.size())));
            }
            isInTransaction = false;
            if (!isLocked()) {
                opened.forEach((node, ofNode) -> ofNode.forEach((token, user) -> assertThat(node.opens(token))
                        .as("token %s, meanwhile %s", token, story())
                        .isEqualTo(user)));
            }
            if (random.nextBoolean()) {
                tell("commit");
                old.run("COMMIT");
            } else {
                tell("rollback");
                old.run("ROLLBACK");
                before.run();
            }
        }

        /** The old app gives a device another token, in the same row, or one that has ended. */
        private boolean rotateAToken() {
            String token = someSession();
            if (token == null || hashed.contains(token) || expectedWithoutClocks(token) == null) {
                return false;
            }
            String over = random.nextInt(3) > 0 ? null : someEndedToken();
            if (over != null && rowsOf(over).isEmpty()) {
                tell("token " + token + " becomes " + over + " once more");
                old.run("UPDATE user_sessions SET auth_token = ? WHERE auth_token = ?", over, token);
                session(token).ended = true;
                return true;
            }
            String next = newToken("rotated");
            tell("token " + token + " becomes " + next);
            old.run("UPDATE user_sessions SET auth_token = ? WHERE auth_token = ?", next, token);
            PromisedSession before = session(token);
            before.ended = true;
            PromisedSession session = new PromisedSession(before.userId, before.incarnation, before.started);
            session.recorded = beginning;
            session.seen = before.seen;
            session.noted = sessionsNoted;
            sessions.put(next, session);
            return true;
        }

        /** The sessions of one are given to the other, and end thereby, where anybody sees it. */
        private boolean mergeUsers() {
            long from = someUser();
            long to = someUser();
            if (from == to || newWhileUnwatched.contains(from)) {
                return false;
            }
            tell("user " + from + " is merged into " + to);
            old.run("UPDATE user_sessions SET user_id = ? WHERE user_id = ?", to, from);
            there(app -> deleteUser(app, from));
            sessions.replaceAll((token, session) -> {
                if (session.userId != from || session.ended) {
                    return session;
                }
                PromisedSession moved = new PromisedSession(to, incarnation(to), session.started);
                moved.recorded = beginning;
                moved.seen = session.seen;
                moved.noted = sessionsNoted;
                moved.ended = session.noted || !isOwn(session, from);
                return moved;
            });
            isGone(from);
            return true;
        }

        private void changeANumber() {
            long user = someUser();
            long other = someUser();
            String phone = newPhone();
            if (user == other) {
                setPhone(user, phone);
                return;
            }
            if (random.nextInt(3) == 0) {
                setPhone(user, phoneOf(other));
                return;
            }
            String ofUser = phoneOf(user);
            setPhone(user, phone);
            setPhone(user, phoneOf(other));
            setPhone(other, ofUser);
        }

        private String phoneOf(long user) {
            return Objects.requireNonNull(phones.get(user));
        }

        /** While our triggers count for nothing, a number is noted only in the place of one that was noted before. */
        private void setPhone(long user, String phone) {
            tell("number of " + user + " is " + phone);
            old.run("UPDATE users SET phone = ? WHERE id = ?", phone, user);
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

        private boolean putBackARow() {
            String token = someEndedToken();
            if (token == null) {
                return false;
            }
            tell("row put back for " + token);
            boolean replaces = random.nextBoolean();
            HistoriesContract.this.putBackARow(old, someUser(), token, replaces);
            return true;
        }

        /** The first of them. */
        private @Nullable String someEndedToken() {
            return sessions.keySet().stream()
                    // Of what came and went unseen nobody knows anything.
                    .filter(each -> !isUninstalled && session(each).ended && session(each).noted)
                    .sorted()
                    .findFirst()
                    .orElse(null);
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
            beginThere(taking, user);
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
            if (phoneOf(one).equals(phoneOf(other))) {
                return rebuild;
            }
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
                promised.isWrittenDown();
            }
        }

        /** By minutes or days; one in three puts it right again. It stays ahead of the real time, by which triggers go. */
        private void clockJumps() {
            Duration back = Duration.between(clock.instant(), beginning.plusNanos(clock.nanos()));
            Duration time = random.nextInt(3) == 0 && !back.isZero()
                    ? back
                    : Duration.ofMinutes(
                            random.nextInt(60 * (random.nextBoolean() ? 3 : 300)) * (random.nextInt(3) - 1L));
            if (clock.instant().plus(time).isBefore(beginning.plus(Duration.ofMinutes(1)))) {
                time = Duration.between(clock.instant(), beginning.plus(Duration.ofMinutes(1)));
            }
            tell("the clock jumps by " + time + " to " + clock.instant().plus(time));
            nodes.forEach(node -> node.watch.believes(clock.instant()));
            if (nodes.isEmpty()) {
                clock.jump(time);
            } else {
                promised.jumps(time);
            }
            nodes.forEach(node -> node.watch.believes(clock.instant()));
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
            if (!mendsWhileDeployed()) {
                // A server refuses a prepared statement whose columns have other types now, as after a copy.
                goOnWith(old);
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

        /** Somebody signs everybody out by making the table anew, with nothing in it. */
        private void dropSessions() {
            giveASignOfLife();
            tell("user_sessions is dropped, and made anew");
            old.run("BEGIN");
            old.run("DROP TABLE user_sessions");
            makeSessionsTable(old);
            old.run("COMMIT");
            sessions.values().forEach(session -> session.ended = true);
            sessionsNoted = false;
            sessionsUnwatched = true;
            theOldAppGoesOn();
        }

        /** A table or a column has another name for a while, or there is one more: nothing changes for anybody. */
        private boolean renameAndBack() {
            NewApp here = here();
            if (isLocked()) {
                return false;
            }
            Change change = CHANGES_AND_BACK.get(random.nextInt(CHANGES_AND_BACK.size()));
            tell("between " + change.there() + " and back");
            old.run(change.there());
            if (here != null) {
                everyTokenIsRightOrAskedToWait(here, false);
                lookForTokensToForget(here);
            }
            old.run(change.back());
            // SQLite has written the other name into our triggers, and puts the former in quotes; they are made anew.
            isToBeMended |= mendsWhileDeployed() && change.there().contains("RENAME TO");
            if (here != null && mendsWhileDeployed()) {
                here.database.lookAfterSchema();
                repaired();
            }
            return true;
        }

        private boolean restoreTheBackup() {
            Runnable latest = backup;
            if (latest == null) {
                return false;
            }
            boolean isAway = nodes.isEmpty() || !promised.believes() || random.nextInt(3) == 0;
            boolean isReplaced = !isAway && random.nextBoolean();
            if (isAway) {
                tell("the backup is restored, and deployed");
                undeploy();
                restore(old);
            } else if (!isReplaced) {
                tell("the backup is restored under our app");
                restore(old);
            } else {
                tell("the backup is put in the place of the database under our app");
                Objects.requireNonNull(sibling).close();
                old = replaced(old);
                sibling = Sibling.of(old);
                nodes.forEach(this::nothingIsAnswered);
                nodes.forEach(NewApp::goOnWithSuccessor);
            }
            latest.run();
            if (isAway) {
                theOldAppGoesOn();
                deploy();
            } else if (isReplaced) {
                promised.isDeployed();
                repaired();
            }
            return true;
        }

        private void nothingIsAnswered(NewApp node) {
            for (String token : everyToken) {
                assertThatThrownBy(() -> node.opens(token)).as(story()).isInstanceOf(DatabaseReplacedException.class);
            }
        }

        private Runnable snapshot() {
            Map<String, PromisedSession> sessionsThen = new HashMap<>();
            sessions.forEach((token, session) -> sessionsThen.put(token, session.copy()));
            List<PromisedCode> codesThen =
                    codes.stream().map(PromisedCode::copy).toList();
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
            Runnable clockThen = promised.snapshot();
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

        /** As docs/scale.md says: undeployed, copied, deployed there; and back again. */
        private void copyThereAndBack() {
            undeploy();
            deploy();
            undeploy();
            tell("copied to a database of the other kind");
            letGoOfOrphans();
            OldApp first = old;
            OldApp there = copiedThere(old, null, clock);
            if (random.nextBoolean()) {
                goOnFor(4);
                tell("copied once more, what has changed since");
                letGoOfOrphans();
                copiedThere(old, there, clock);
            }
            tell("deployed there");
            goOnWith(there);
            goOnFor(8);
            boolean isInTheFirst = random.nextBoolean();
            tell("copied back" + (isInTheFirst ? " over the first" : "") + ", and deployed");
            letGoOfOrphans();
            goOnWith(copiedBack(old, isInTheFirst ? first : null, clock));
            there.close();
            if (!isInTheFirst) {
                first.close();
            }
            deploy();
        }

        private void goOnFor(int steps) {
            deploy();
            check();
            for (int i = random.nextInt(steps); i > 0; i--) {
                step(Step.ANYWHERE.get(random.nextInt(Step.ANYWHERE.size())));
                check();
            }
            undeploy();
        }

        /** Of users who are gone, which only SQLite keeps; a copy is refused until they are deleted. */
        private void letGoOfOrphans() {
            old.run("DELETE FROM user_sessions WHERE user_id NOT IN (SELECT id FROM users)");
            sessions.values().forEach(session -> session.ended |= !legacy.containsKey(session.userId));
        }

        private void goOnWith(OldApp next) {
            Objects.requireNonNull(sibling).close();
            old = next;
            sibling = Sibling.of(old);
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
                PromisedSession session = sessions.get(token);
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
            List<String> numbers = phones.values().stream()
                    .filter(phone -> isNumber(phone) && !isShared(phone))
                    .toList();
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
            List<String> alive = everyToken.stream()
                    .filter(token -> sessions.containsKey(token) && expectedWithoutClocks(token) != null)
                    .toList();
            Set<String> over = new HashSet<>(sessions.keySet());
            over.removeIf(token ->
                    !session(token).noted || (!session(token).ended && isOwn(session(token), session(token).userId)));
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
                assertThat(alive)
                        .as("kept %s", story())
                        .allSatisfy(token -> assertThat(rowsOf(token)).isNotEmpty());
                isUninstalled = true;
                theOldAppGoesOn();
                isUninstalled = false;
            }
            sessions.clear();
            refused.clear();
            codes.forEach(code -> code.isOver = true);
            for (String token : everyToken) {
                for (long owner : hasSessionsTable() ? rowsOf(token) : List.<Long>of()) {
                    PromisedSession session = new PromisedSession(owner, incarnation(owner), clock.instant());
                    session.ended = over.contains(token) || !legacy.containsKey(owner);
                    sessions.put(token, session);
                }
            }
            hashed.retainAll(sessions.keySet());
            tell("what lives on: " + sessions.keySet());
            nowIsKnown();
            promised.isForgotten();
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
            promised.isWrittenDown();
            if (random.nextInt(3) == 0) {
                deployed = someStage();
                tell("in stage " + deployed);
            }
            deployANode();
            return true;
        }

        /** As by a restart of the server. */
        private void cutAllConnections() {
            tell("all connections are cut");
            cutConnections(old);
            Objects.requireNonNull(sibling).close();
            sibling = Sibling.of(old);
            for (NewApp node : nodes) {
                stage = stageOf(node);
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

        /** By the old app's own connection, or by another one that looks at the database in another way. */
        private void there(Consumer<OldApp> act) {
            if (isInTransaction || random.nextInt(4) > 0) {
                act.accept(old);
                return;
            }
            tell("by another connection");
            try (OldApp other = another(old)) {
                act.accept(other);
            }
        }

        /** Before our app, if it is there, is asked again. */
        private void theOldAppGoesOn() {
            List<Step> there = Step.THERE.stream().filter(steps()::contains).toList();
            for (int i = random.nextInt(4); i > 0; i--) {
                step(there.get(random.nextInt(there.size())));
            }
        }

        /** Our app has looked at the schema, and has ended what could not be told. */
        private void repaired() {
            if (!usersUnwatched && !sessionsUnwatched && !isToBeMended) {
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

        private void nowIsKnown() {
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

        /** By the old app: our triggers go by the clock of the database. */
        private void beginThere(String token, long user) {
            begin(token, user);
            session(token).recorded = beginning;
        }

        private void begin(String token, long user) {
            PromisedSession session = new PromisedSession(user, incarnation(user), clock.instant());
            session.noted = sessionsNoted;
            sessions.put(token, session);
        }

        private void setLegacy(long user, @Nullable String token) {
            boolean changes = !Objects.equals(legacy.put(user, token), token);
            // Of a user who came in while nobody watched nothing is known, also of what becomes of them later.
            if (changes && usersNoted && knownTokens.containsKey(user)) {
                knownTokens.put(user, sessionsUnwatched ? null : token);
            }
        }

        private void isNew(long user, String phone, @Nullable String token) {
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

        private void isGone(long user) {
            legacy.remove(user);
            String phone = Objects.requireNonNull(phones.remove(user));
            formerNumbers.add(phone);
            if (usersNoted) {
                // Whoever gets the id is somebody else, also if they had it before.
                incarnations.merge(user, 1, Integer::sum);
            } else {
                goneUnseen.put(user, phone);
            }
            if (usersNoted) {
                knownPhones.remove(user);
                knownTokens.remove(user);
            }
        }

        private void oldMultiSignIn(long user) {
            String token = newToken("multi");
            tell("old multi sign-in of " + user + " as " + token);
            there(app -> app.signInMulti(user, token, clock.instant()));
            beginThere(token, user);
            setLegacy(user, token);
        }

        private void addUser() {
            String token = random.nextBoolean() ? newToken("legacy") : null;
            String phone = newPhone(legacy.isEmpty() ? 1 : Collections.max(legacy.keySet()) + 1);
            long user = HistoriesContract.this.addUser(old, phone, token);
            tell("new user " + user + ", token " + token + ", number " + phone);
            isNew(user, phone, token);
        }

        /** What the check says of a token is what it opens afterwards. */
        private void deployAsChecked() {
            String before = old.dump();
            Map<String, @Nullable Long> foreseen = foreseen(old, stage, RULES, clock);
            tell("checked before");
            assertThat(old.dump()).as("only looked at %s", story()).isEqualTo(before);
            deploy();
            NewApp here = Objects.requireNonNull(here());
            foreseen.forEach((token, user) -> assertThat(here.opens(token))
                    .as("checked %s %s", token, story())
                    .isEqualTo(user));
        }

        private void deploy() {
            for (int i = 0; i < nodes(old); i++) {
                deployANode();
            }
            promised.isDeployed();
            repaired();
            if (deployed != Stage.COEXIST) {
                hashed.addAll(sessions.keySet());
            }
            if (!deployedOnce) {
                deployedOnce = true;
                sibling = sibling == null ? Sibling.of(old) : sibling;
                refuseShared();
                // Clocks of what is older than the first deploy start there.
                sessions.replaceAll((token, session) -> session.ended ? session : session.knownFrom(clock.instant()));
            }
        }

        private void deployANode() {
            NewApp node = NewApp.deployOpen(old.claim(), RULES, deployed, clock);
            nodes.add(node);
            stages.put(node, deployed);
            stage = deployed;
            if (deployed != Stage.COEXIST) {
                hashed.addAll(sessions.keySet());
            }
        }

        private Stage someStage() {
            Stage[] all = Stage.values();
            return all[random.nextInt(all.length)];
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
                promised.isWrittenDown();
            }
            nodes.forEach(NewApp::close);
            forgetNodes();
        }

        private void forgetNodes() {
            nodes.clear();
            stages.clear();
            stage = deployed;
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
                lookForTokensToForget(Objects.requireNonNull(here()));
                nodes.forEach(this::checkOurs);
                if (isToBeRepaired) {
                    // As every five seconds, where no request has been the reason yet.
                    nodes.forEach(node -> node.database.lookAfterSchema());
                }
            }
            stage = deployed;
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
            stage = stageOf(here);
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
            stage = stageOf(here);
            String stored = TokenHash.of(Objects.requireNonNullElse(someToken(), ""));
            assertThat(here.opens(stored)).as("the hash of a token %s", story()).isNull();
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
            PromisedSession session = sessions.get(token);
            if (session != null) {
                Instant now = clock.instant();
                Instant active = session.lastActiveAt(now);
                Instant idleSince = active.isBefore(promised.idleFrom()) ? promised.idleFrom() : active;
                boolean hasRunOut = idleSince.plus(IDLE).isBefore(now)
                        || session.startedAt(now).plus(LIFETIME).isBefore(now);
                return hasRunOut && promised.believes() ? null : expectedWithoutClocks(token);
            }
            return expectedWithoutClocks(token);
        }

        /** The same for a session that has run out without anybody noticing. */
        private @Nullable Long expectedWithoutClocks(String token) {
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

        private boolean isOwn(PromisedSession session, long user) {
            return session.userId == user && session.incarnation == incarnation(user);
        }

        private PromisedSession session(String token) {
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

        /** Of whoever gets this id. Some numbers come again; while nobody watches, only to their former id. */
        private String newPhone(long user) {
            List<String> former = formerNumbers.stream()
                    .filter(phone -> !phones.containsValue(phone))
                    .filter(phone -> (usersNoted && !usersUnwatched) || phone.equals(goneUnseen.get(user)))
                    .toList();
            return former.isEmpty() || random.nextInt(3) > 0 ? newPhone() : former.get(random.nextInt(former.size()));
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
