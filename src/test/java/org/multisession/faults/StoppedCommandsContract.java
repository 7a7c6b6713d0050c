package org.multisession.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.auth.AuthEventDao;
import org.multisession.auth.PersonalData;
import org.multisession.auth.Revocation;
import org.multisession.auth.Revocation.Target;
import org.multisession.auth.Sessions;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Source;
import org.multisession.migration.Uninstall;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.Stage;
import org.multisession.session.UserSessionDao;
import org.multisession.testing.NewApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.TestClock;
import org.multisession.token.SessionId;
import org.multisession.token.TokenHash;
import org.multisession.user.User;

/**
 * A command of an operator that fails at any of its statements: nobody falls out whom it did not mean, the audit trail has
 * a line for each session that has ended and for no other, and doing it once more ends where an undisturbed one does.
 *
 * <p>{@code -Dfaults.steps.stride=N} says at each how-manieth statement; at every one with 1.
 */
@Tag("faults")
abstract class StoppedCommandsContract {

    private static final int STRIDE = Integer.getInteger("faults.steps.stride", 23);

    /** User 44 has two sessions and, apart from them, a legacy token; 43 has a session. */
    private static final long VERA = 44;

    private static final String SESSION = "-A6tUtDu7WZs9HQH3FEG9lQoOs3fMdH5sthHDXX5nQo";
    private static final String ANOTHER = "another-one-of-vera";
    private static final String LEGACY = "x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU";
    private static final String OF_BORIS = "a-session-of-boris";

    private static final List<String> KEPT = List.of(
            "SELECT auth_token || ' of ' || coalesce(user_id, 0) || coalesce(end_reason, ' lives')"
                    + " FROM multisession_tokens ORDER BY 1",
            "SELECT kind || ' ' || outcome || ' ' || coalesce(user_id, 0) FROM auth_events ORDER BY 1",
            "SELECT token_hash FROM multisession_devices ORDER BY 1",
            "SELECT token_hash FROM multisession_legacy_uses ORDER BY 1");

    private static final String ENDED = "SELECT auth_token FROM multisession_tokens WHERE end_reason = 'operator'";
    private static final String EVENTS = "SELECT id FROM auth_events WHERE outcome = 'operator'";

    enum Command {
        REVOKE_USER,
        REVOKE_SESSION,
        REVOKE_OLDER,
        REVOKE_EVERYONE,
        FORGET,
        EXPORT;

        Target target() {
            return switch (this) {
                case REVOKE_USER -> new Target.OneUser(VERA);
                case REVOKE_SESSION ->
                    new Target.OneSession(SessionId.of(TokenHash.of(ANOTHER)).text());
                case REVOKE_OLDER -> new Target.OlderThan(Duration.ofHours(1));
                case REVOKE_EVERYONE -> new Target.Everyone();
                case FORGET, EXPORT -> throw new AssertionError(this);
            };
        }

        /** Whether it ends what this token opens, which is one of the sessions or a legacy token. */
        boolean ends(String token, List<@Nullable String> sessions) {
            return switch (this) {
                case REVOKE_USER, FORGET -> List.of(SESSION, ANOTHER, LEGACY).contains(token);
                case REVOKE_SESSION -> token.equals(ANOTHER);
                case REVOKE_OLDER -> sessions.contains(token);
                case REVOKE_EVERYONE -> true;
                case EXPORT -> false;
            };
        }
    }

    /** What came of a stop: whether there was such a statement, and what the work threw. */
    record Stopped(boolean reached, @Nullable RuntimeException thrown) {}

    private static int stopped;

    private final List<OldApp> made = new ArrayList<>();
    private final TestClock clock = new TestClock();

    /** A fresh database of the old app in its multi form. */
    abstract OldApp make();

    /** Does the work, of which the n-th statement fails. */
    abstract Stopped stop(int nth, OldApp old, Runnable work);

    /** The same app works again. */
    abstract void recover(Database database);

    abstract Uninstall uninstall(Database database);

    @AfterEach
    void close() {
        made.forEach(OldApp::close);
    }

    static void tell(String where) {
        System.out.printf(
                "Commands stopped at a statement, %s: %d times; each was completed by one more%n", where, stopped);
    }

    private OldApp prepared() {
        OldApp old = make();
        made.add(old);
        old.signInMulti(VERA, ANOTHER, clock.instant());
        old.signInSingle(VERA, LEGACY);
        old.signInMulti(43, OF_BORIS, clock.instant());
        return old;
    }

    @ParameterizedTest
    @EnumSource
    void what_was_stopped_at_any_statement_is_completed_by_doing_it_once_more(Command command) {
        for (Stage stage : List.of(Stage.COEXIST, Stage.SETTLE)) {
            String undisturbed = Objects.requireNonNull(leftAfter(command, stage, Integer.MAX_VALUE));
            int nth = 1;
            String left = leftAfter(command, stage, nth);
            assertThat(left).as("statements that could fail").isNotNull();
            while (left != null) {
                assertThat(left).as("after statement %d and all", nth).isEqualTo(undisturbed);
                nth += STRIDE;
                left = leftAfter(command, stage, nth);
            }
        }
    }

    /** What a command leaves that was stopped at this statement and done once more; null if it has not so many. */
    private @Nullable String leftAfter(Command command, Stage stage, int nth) {
        OldApp old = prepared();
        List<@Nullable String> sessions = old.all("SELECT auth_token FROM user_sessions");
        try (NewApp app = NewApp.deploy(old.claim(), NewApp.RULES, stage, clock)) {
            Map<String, @Nullable Long> before = opened(app, old);
            app.lastSeen.flush();
            clock.advance(Duration.ofHours(2));
            Stopped outcome = stop(nth, old, () -> perform(command, app, stage));
            recover(app.database);
            if (outcome.thrown() != null) {
                stopped++;
                assertThat(outcome.thrown()).isInstanceOf(DatabaseException.class);
                before.forEach((token, user) -> {
                    Long opens = app.opens(token);
                    boolean isOverAlready = opens == null && command.ends(token, sessions);
                    assertThat(isOverAlready || Objects.equals(opens, user))
                            .as("%s of %s opens %s after statement %d", token, user, opens, nth)
                            .isTrue();
                });
                requireTrueTrail(command, old);
                perform(command, app, stage);
            }
            before.forEach((token, user) -> assertThat(app.opens(token))
                    .as("%s after statement %d and all", token, nth)
                    .isEqualTo(command.ends(token, sessions) ? null : user));
            requireTrueTrail(command, old);
            assertThat(old.damages()).isEmpty();
            return outcome.reached() || nth == Integer.MAX_VALUE ? kept(old) : null;
        }
    }

    @Test
    void an_uninstall_after_a_settle_that_was_stopped_at_any_statement_is_completed_by_one_more() {
        Map<String, @Nullable Long> undisturbed = Map.of();
        String schema = "";
        boolean isReached = true;
        for (int nth = Integer.MAX_VALUE; isReached; nth = nth == Integer.MAX_VALUE ? 1 : nth + STRIDE) {
            OldApp old = prepared();
            try (NewApp app = NewApp.deploy(old.claim(), NewApp.RULES, Stage.SETTLE, clock)) {
                app.signOut(ANOTHER);
            }
            String users = old.rows("users");
            Stopped outcome;
            try (Source source = old.claim();
                    Database database = Database.open(source, 2, Duration.ofSeconds(5))) {
                outcome = stop(
                        nth,
                        old,
                        () -> uninstall(database)
                                .uninstall(false, uninstall(database).look(false)));
                recover(database);
                if (outcome.thrown() != null) {
                    stopped++;
                    assertThat(outcome.thrown()).isInstanceOf(DatabaseException.class);
                    uninstall(database).uninstall(false, uninstall(database).look(false));
                }
            }
            isReached = outcome.reached() || nth == Integer.MAX_VALUE;
            assertThat(old.rows("users")).as("after statement %d", nth).isEqualTo(users);
            String left = old.dump().replaceAll("(?m)^user_sessions:.*\n", "");
            try (NewApp app = NewApp.deploy(old.claim(), NewApp.RULES, Stage.SETTLE, clock)) {
                Map<String, @Nullable Long> now = new HashMap<>();
                for (String token : List.of(SESSION, ANOTHER, LEGACY, OF_BORIS)) {
                    now.put(token, app.opens(token));
                }
                if (schema.isEmpty()) {
                    schema = left;
                    undisturbed = now;
                    assertThat(now).containsEntry(SESSION, VERA).containsEntry(ANOTHER, null);
                }
                assertThat(now).as("after statement %d", nth).isEqualTo(undisturbed);
            }
            assertThat(left).as("after statement %d", nth).isEqualTo(schema);
        }
    }

    /** Whose account each token in the database opens, by its name in plain. */
    private static Map<String, @Nullable Long> opened(NewApp app, OldApp old) {
        Map<String, @Nullable Long> opened = new HashMap<>();
        List<@Nullable String> tokens = new ArrayList<>(old.all("SELECT auth_token FROM users WHERE auth_token <> ''"));
        tokens.addAll(List.of(SESSION, ANOTHER, OF_BORIS));
        tokens.forEach(token -> opened.put(String.valueOf(token), app.opens(String.valueOf(token))));
        return opened;
    }

    private void perform(Command command, NewApp app, Stage stage) {
        Sessions sessions =
                new Sessions(new UserSessionDao(stage), new AuthEventDao(), NewApp.RULES, new SecureRandom());
        Revocation revocation = new Revocation(app.database, sessions, app.users, () -> true, clock);
        PersonalData data =
                new PersonalData(app.database, sessions, revocation, new AuthEventDao(), new PhoneNumbers("RU"), clock);
        User vera = new User(VERA, "+79991234569", null);
        switch (command) {
            case FORGET -> data.forget(vera);
            case EXPORT -> assertThat(data.export(vera)).isNotEmpty();
            default ->
                assertThat(revocation.revoke(command.target()).sessions()).isNotNegative();
        }
    }

    /** Once somebody is forgotten, no event is theirs. */
    private static void requireTrueTrail(Command command, OldApp old) {
        if (command != Command.FORGET) {
            assertThat(old.all(EVENTS)).hasSameSizeAs(old.all(ENDED));
        }
    }

    private static String kept(OldApp old) {
        List<String> kept = new ArrayList<>();
        KEPT.forEach(sql -> old.all(sql).forEach(line -> kept.add(String.valueOf(line))));
        kept.add(old.rows("users"));
        old.all("SELECT auth_token FROM user_sessions ORDER BY 1").forEach(line -> kept.add(String.valueOf(line)));
        return String.join("\n", kept);
    }
}
