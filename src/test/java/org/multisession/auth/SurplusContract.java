package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.db.SqlTime;
import org.multisession.session.IdleWatch;
import org.multisession.session.SessionRules;
import org.multisession.session.SurplusDao;
import org.multisession.session.UserSession;

/** Which of a user's sessions go at a sign-in, whatever times stand in their rows, and how few are loaded for it. */
abstract class SurplusContract extends DeployedContract {

    private static final String BORIS = "+7 999 123-45-68";
    private static final int MOST = 5;
    private static final SessionRules RULES =
            new SessionRules(Duration.ofDays(30), Duration.ofDays(100), MOST, Duration.ofMinutes(1));

    /** Texts that the old app, or anybody, may have written as this time; null is none. */
    abstract List<@Nullable String> written(Instant time);

    @Override
    SessionRules rules() {
        return RULES;
    }

    @BeforeEach
    void letThereBeNoLegacyTokenToAdopt() {
        app.signIn(BORIS);
        old.run("DELETE FROM user_sessions");
    }

    void leave(String token, @Nullable String created, @Nullable String seen, Instant recorded) {
        old.run(
                "INSERT INTO user_sessions (user_id, auth_token, created_at, last_seen_at) VALUES (43, ?, ?, ?)",
                token,
                created,
                seen);
        old.run(
                "UPDATE multisession_tokens SET recorded_at = ? WHERE auth_token = ?",
                app.database.vendor().text(recorded),
                token);
    }

    private List<UserSession> sessions() {
        return app.database.read(handle -> app.sessions.of(handle, 43));
    }

    @Test
    void exactly_those_go_that_the_rules_name_whatever_times_stand_in_the_rows() {
        Random random = new Random(7);
        for (int turn = 0; turn < 60; turn++) {
            old.run("DELETE FROM user_sessions WHERE user_id = 43");
            Instant now = clock.instant();
            for (int i = random.nextInt(2 * MOST); i > 0; i--) {
                leave("left-" + turn + "-" + i, any(random, now), any(random, now), moment(random, now));
            }
            List<UserSession> before = sessions();
            String newest = app.signIn(BORIS);
            List<String> stayed =
                    sessions().stream().map(each -> each.token().text()).toList();
            List<UserSession> alive = before.stream()
                    .filter(each -> RULES.expiry(each, now) == null)
                    .sorted(Comparator.comparing(each -> each.lastActiveAt(now)))
                    .toList();
            int evicted = Math.max(0, alive.size() + 1 - MOST);
            assertThat(stayed).as("turn %d", turn).contains(newest).hasSize(alive.size() + 1 - evicted);
            // Of those that were last seen at the same moment, any.
            assertThat(alive.stream()
                            .filter(each -> stayed.contains(each.token().text()))
                            .map(each -> each.lastActiveAt(now)))
                    .as("turn %d", turn)
                    .containsExactlyElementsOf(alive.stream()
                            .skip(evicted)
                            .map(each -> each.lastActiveAt(now))
                            .toList());
            clock.advance(Duration.ofSeconds(1));
        }
    }

    private static Instant moment(Random random, Instant now) {
        return now.plus(Duration.ofDays(110)).minus(Duration.ofMillis((long) (random.nextDouble() * 86_400_000 * 220)));
    }

    private @Nullable String any(Random random, Instant now) {
        // Near the bounds, and anywhere.
        Instant base = List.of(now, now.plus(Duration.ofDays(1)), now.minus(Duration.ofDays(30)), moment(random, now))
                .get(random.nextInt(4));
        List<@Nullable String> all = written(base.plusSeconds(random.nextInt(7) - 3));
        return all.get(random.nextInt(all.size()));
    }

    @Test
    void a_session_goes_that_has_run_out_although_there_is_room() {
        leave("idle", text(Duration.ofDays(40)), text(Duration.ofDays(31)), ago(Duration.ofDays(40)));
        leave("old", text(Duration.ofDays(101)), text(Duration.ofDays(1)), ago(Duration.ofDays(101)));
        leave("used", text(Duration.ofDays(40)), text(Duration.ofDays(29)), ago(Duration.ofDays(40)));
        app.signIn(BORIS);
        assertThat(old.all("SELECT auth_token FROM user_sessions WHERE auth_token IN ('idle', 'old', 'used')"))
                .containsExactly("used");
        assertThat(old.all("SELECT outcome FROM auth_events WHERE kind = 'session-ended'"))
                .containsExactlyInAnyOrder("idle", "lifetime");
    }

    @Test
    void of_many_sessions_only_those_are_loaded_that_may_have_to_go() {
        for (int i = 1; i <= 40; i++) {
            leave("left-" + i, text(Duration.ofDays(50)), text(Duration.ofHours(i)), ago(Duration.ofDays(50)));
        }
        leave("idle", text(Duration.ofDays(50)), text(Duration.ofDays(31)), ago(Duration.ofDays(50)));
        leave("unknown", null, null, ago(Duration.ofDays(50)));
        SurplusDao.Candidates candidates = candidates(3);
        assertThat(candidates.all()).isEqualTo(42);
        assertThat(candidates.sessions().stream().map(each -> each.token().text()))
                .containsExactlyInAnyOrder("idle", "unknown", "left-40", "left-39", "left-38");
    }

    /** What is loaded of the user, with so many of those that surely live. */
    SurplusDao.Candidates candidates(int most) {
        return app.database.read(
                handle -> new SurplusDao().candidates(handle, 43, RULES.surelyLive(clock.instant()), most));
    }

    Instant ago(Duration age) {
        return clock.instant().minus(age);
    }

    private String text(Duration age) {
        return SqlTime.format(ago(age));
    }

    @Test
    void who_has_few_and_none_of_them_old_is_only_counted() {
        leave("left", text(Duration.ofDays(40)), text(Duration.ofDays(1)), ago(Duration.ofDays(40)));
        assertThat(mayHaveSurplus()).isFalse();
        Stream.of(1, 2, 3, 4).forEach(i -> leave("more-" + i, null, null, clock.instant()));
        assertThat(mayHaveSurplus()).as("as many as there may be").isFalse();
        leave("one more", null, null, clock.instant());
        assertThat(mayHaveSurplus()).isTrue();
    }

    private boolean mayHaveSurplus() {
        return app.database.read(
                handle -> new SurplusDao().mayHaveAny(handle, 43, RULES.surelyLive(clock.instant()), MOST));
    }

    @Test
    void while_the_clock_is_in_doubt_nobody_is_looked_at_for_having_run_out() {
        SessionRules doubting = RULES.watchedBy(IdleWatch.doubting(Instant.EPOCH));
        leave("idle", text(Duration.ofDays(300)), text(Duration.ofDays(300)), ago(Duration.ofDays(300)));
        assertThat(app.database.<Boolean>read(
                        handle -> new SurplusDao().mayHaveAny(handle, 43, doubting.surelyLive(clock.instant()), MOST)))
                .isFalse();
    }
}
