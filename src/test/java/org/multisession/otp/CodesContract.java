package org.multisession.otp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.multisession.auth.CodeSignIn;
import org.multisession.db.GroupCommit;
import org.multisession.otp.OneTimeCodes.ChallengeStatus;
import org.multisession.otp.OneTimeCodes.CodeRequestResult;
import org.multisession.otp.OneTimeCodes.Refusal;
import org.multisession.testing.CodeApp;
import org.multisession.testing.OldApp;
import org.multisession.testing.SentCodes;
import org.multisession.testing.TestClock;

/** A code proves a number once, and only to whom asked for it; on every database. */
abstract class CodesContract {

    private static final String ANNA = "+7 999 123-45-67";
    private static final String BORIS = "+7 999 123-45-68";
    private static final String NOBODY = "+7 999 555-00-00";
    private static final Duration TTL = CodeApp.RULES.ttl();
    private static final Duration MINUTE = Duration.ofMinutes(1);

    final TestClock clock = new TestClock();
    OldApp old;
    CodeApp app;

    /** A fresh database of the old app that {@link CodeApp} can be deployed on. */
    abstract OldApp single();

    /** The same where thousands of commits cost little. */
    abstract OldApp quick();

    /** How many tries a brute force has in a day. */
    abstract int tries();

    @BeforeEach
    void deployOnTheOldDatabase() {
        old = single();
        app = CodeApp.deploy(old.claim(), CodeApp.RULES, clock);
    }

    @AfterEach
    void undeploy() {
        app.close();
        old.close();
    }

    private void redeploy(CodeApp with) {
        app = with;
    }

    private String sessions() {
        return old.one("SELECT count(*) FROM user_sessions");
    }

    @Nested
    class WhereCodesGo {

        private void deployWith(Delivery delivery) {
            app.close();
            redeploy(CodeApp.deploy(old.claim(), CodeApp.RULES.with(delivery), clock));
        }

        @Test
        void a_number_of_no_allowed_country_is_answered_as_an_unknown_one_and_gets_no_code() {
            deployWith(new Delivery(Set.of("KZ"), false, List.of()));
            CodeApp.challenged(app.ask(ANNA));
            app.queue.close();
            assertThat(app.sent.drain()).isEmpty();
        }

        @Test
        void a_number_of_an_allowed_country_gets_one() {
            deployWith(new Delivery(Set.of("KZ", "RU"), false, List.of()));
            assertThat(app.app.opens(app.signIn(ANNA))).isEqualTo(42);
        }

        @Test
        void countries_that_share_a_code_are_told_apart() {
            old.addUser("+77011234567", null);
            deployWith(new Delivery(Set.of("RU"), false, List.of()));
            CodeApp.challenged(app.ask("+77011234567"));
            app.queue.close();
            assertThat(app.sent.drain()).isEmpty();
        }

        @Test
        void limits_that_are_only_recorded_stand_in_nobody_s_way() {
            deployWith(new Delivery(Set.of("KZ"), true, List.of()));
            for (int i = 0; i < 12; i++) {
                CodeApp.challenged(app.ask(ANNA));
                assertThat(app.sent.next().number()).isEqualTo("+79991234567");
            }
        }

        @Test
        void a_test_number_has_its_own_code_without_a_message_until_its_day_is_over() {
            LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
            deployWith(
                    new Delivery(Set.of(), false, List.of(new Delivery.TestNumber("+79991234567", "424242", today))));
            ChallengeSecret secret = app.challenge(ANNA);
            assertThat(app.refusal(secret, "424241")).isEqualTo(Refusal.WRONG);
            assertThat(app.app.opens(app.signIn(secret, "424242"))).isEqualTo(42);

            clock.advance(Duration.ofDays(1));
            ChallengeSecret after = app.challenge(ANNA);
            SentCodes.Message message = app.sent.next();
            assertThat(message.number()).isEqualTo("+79991234567");
            assertThat(app.app.opens(app.signIn(after, message.code()))).isEqualTo(42);
            assertThat(app.sent.drain()).isEmpty();
        }

        @Test
        void the_code_of_a_test_number_is_no_other_number_s() {
            deployWith(new Delivery(
                    Set.of(), false, List.of(new Delivery.TestNumber("+79990000001", "424242", LocalDate.MAX))));
            ChallengeSecret secret = app.challenge(ANNA);
            assertThat(app.sent.next().number()).isEqualTo("+79991234567");
            assertThat(app.refusal(secret, "424242")).isEqualTo(Refusal.WRONG);
        }

        @Test
        void codes_of_test_numbers_are_no_messages_to_the_budgets_and_the_breaker() {
            deployWith(new Delivery(
                    Set.of(), false, List.of(new Delivery.TestNumber("+79991234567", "424242", LocalDate.MAX))));
            app.challenge(ANNA);
            assertThat(old.one("SELECT sum(sent) FROM multisession_code_requests"))
                    .isEqualTo("0");
        }

        @Test
        void a_test_number_that_nobody_has_signs_nobody_in() {
            deployWith(new Delivery(
                    Set.of(), false, List.of(new Delivery.TestNumber("+79990000001", "424242", LocalDate.MAX))));
            ChallengeSecret secret = app.challenge("+79990000001");
            assertThat(app.refusal(secret, "424242")).isEqualTo(Refusal.WRONG);
        }
    }

    @Nested
    class TheRightCode {

        @Test
        void signs_its_number_s_owner_in() {
            assertThat(app.app.opens(app.signIn(ANNA))).isEqualTo(42);
        }

        @Test
        void is_six_digits_and_stands_in_the_message() {
            app.challenge(ANNA);
            SentCodes.Message message = app.sent.next();
            assertThat(message.number()).isEqualTo("+79991234567");
            assertThat(message.code()).matches("[0-9]{6}");
            assertThat(message.text()).isEqualTo("Code: " + message.code());
        }

        @Test
        void keeps_its_leading_zeros() {
            app.close();
            redeploy(CodeApp.deploy(old.claim(), CodeApp.RULES, clock, new AlwaysSmall()));
            ChallengeSecret secret = app.challenge(ANNA);
            assertThat(app.sent.next().code()).isEqualTo("000042");
            assertThat(app.refusal(secret, "42")).isEqualTo(Refusal.WRONG);
            assertThat(app.app.opens(app.signIn(secret, "000042"))).isEqualTo(42);
        }

        @Test
        void is_good_for_one_sign_in() {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            app.signIn(secret, code);
            assertThat(app.refusal(secret, code)).isEqualTo(Refusal.EXPIRED);
            assertThat(app.codes.standing(secret)).isNull();
            assertThat(old.one("SELECT count(*) FROM multisession_challenges")).isEqualTo("0");
        }

        @Test
        void makes_a_new_token_each_time() {
            String first = app.signIn(ANNA);
            clock.advance(MINUTE);
            String second = app.signIn(ANNA);
            assertThat(second).isNotEqualTo(first);
            assertThat(app.app.opens(first)).isEqualTo(42);
        }

        @Test
        void signs_in_exactly_once_when_fifty_submit_it_at_the_same_time() throws Exception {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            List<CodeSignIn.Result> results = atOnce(50, i -> app.attempt(secret, code, "192.0.2." + i));
            assertThat(results)
                    .filteredOn(CodeSignIn.Result.Started.class::isInstance)
                    .hasSize(1);
            // The adopted legacy token is the other one.
            assertThat(old.all("SELECT auth_token FROM user_sessions WHERE auth_token <> 'old_token_xyz123'"))
                    .hasSize(1);
        }

        @Test
        void comes_through_among_wrong_ones_at_the_same_time_at_most_once() throws Exception {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            List<CodeSignIn.Result> results =
                    atOnce(50, i -> app.attempt(secret, i % 2 == 0 ? code : CodeApp.notThis(code)));
            assertThat(results.stream().filter(CodeSignIn.Result.Started.class::isInstance))
                    .hasSizeLessThanOrEqualTo(1);
            assertThat(results.stream().filter(result -> isRefused(result, Refusal.WRONG)))
                    .hasSizeLessThan(CodeApp.RULES.attempts());
        }
    }

    @Nested
    class AnyOtherCode {

        @Test
        void is_refused_and_leaves_the_right_one_good() {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            assertThat(app.refusal(secret, CodeApp.notThis(code))).isEqualTo(Refusal.WRONG);
            assertThat(sessions()).isEqualTo("0");
            assertThat(app.app.opens(app.signIn(secret, code))).isEqualTo(42);
        }

        @Test
        void of_a_user_who_has_gone_since_registers_nobody() {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            old.deleteUser(42);
            assertThat(app.refusal(secret, code)).isEqualTo(Refusal.WRONG);
            assertThat(old.one("SELECT count(*) FROM users WHERE phone LIKE '%9991234567'"))
                    .isEqualTo("0");
        }

        @Test
        void of_a_number_that_a_second_user_has_got_since_signs_neither_in() {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            old.addUser("8 999 123-45-67", null);
            assertThat(app.refusal(secret, code)).isEqualTo(Refusal.WRONG);
            assertThat(sessions()).isEqualTo("0");
        }

        @Test
        void of_another_number_is_refused() {
            ChallengeSecret annas = app.challenge(ANNA);
            String annasCode = app.sent.next().code();
            ChallengeSecret borises = app.challenge(BORIS);
            String borisesCode = differing(annasCode, borises);
            assertThat(app.refusal(annas, borisesCode)).isEqualTo(Refusal.WRONG);
            assertThat(app.refusal(borises, annasCode)).isEqualTo(Refusal.WRONG);
        }

        @Test
        void of_another_browser_is_refused_though_it_is_for_the_same_number() {
            ChallengeSecret phone = app.challenge(ANNA);
            String phonesCode = app.sent.next().code();
            clock.advance(MINUTE);
            ChallengeSecret strangers = CodeApp.challenged(app.ask(ANNA, "198.51.100.1", null));
            String strangersCode = differing(phonesCode, strangers);
            assertThat(strangers).isNotEqualTo(phone);
            assertThat(app.refusal(strangers, phonesCode)).isEqualTo(Refusal.WRONG);
            assertThat(app.refusal(phone, strangersCode)).isEqualTo(Refusal.WRONG);
        }

        @Test
        void with_a_made_up_secret_is_refused_and_writes_nothing() {
            app.challenge(ANNA);
            String code = app.sent.next().code();
            String before = old.dump();
            String annasHash = old.one("SELECT challenge_hash FROM multisession_challenges");
            for (String madeUp : new String[] {"", "x", "null", annasHash, "A".repeat(43), "é\u0000\ud800"}) {
                assertThat(app.refusal(new ChallengeSecret(madeUp), code))
                        .as(madeUp)
                        .isEqualTo(Refusal.EXPIRED);
            }
            assertThat(old.dump()).isEqualTo(before);
        }

        @Test
        void after_its_life_is_refused() {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            clock.advance(TTL);
            assertThat(app.refusal(secret, code)).isEqualTo(Refusal.EXPIRED);
            assertThat(sessions()).isEqualTo("0");
        }

        @Test
        void is_good_until_the_end_of_its_life() {
            ChallengeSecret secret = app.challenge(ANNA);
            clock.advance(TTL.minusMillis(1));
            assertThat(app.app.opens(app.signIn(secret, app.sent.next().code())))
                    .isEqualTo(42);
        }

        /** The code of a challenge, asked for anew as long as chance gives the same one twice. */
        private String differing(String code, ChallengeSecret held) {
            String other = app.sent.next().code();
            while (other.equals(code)) {
                clock.advance(MINUTE);
                app.askAgain(held);
                other = app.sent.next().code();
            }
            return other;
        }
    }

    @Nested
    class Leftovers {

        @Test
        void of_challenges_go_some_at_a_time_once_they_have_run_out() {
            ChallengeDao challenges = new ChallengeDao();
            app.challenge(ANNA);
            clock.advance(MINUTE);
            app.challenge(ANNA);
            clock.advance(MINUTE);
            app.challenge(ANNA);
            Instant whenTwoHaveRunOut = clock.instant().plus(TTL).minusSeconds(1);
            assertThat(app.app.database.<Integer>write(
                            transaction -> challenges.deleteExpired(transaction, whenTwoHaveRunOut, 1)))
                    .isEqualTo(1);
            assertThat(app.app.database.<Integer>write(
                            transaction -> challenges.deleteExpired(transaction, whenTwoHaveRunOut, 5)))
                    .isEqualTo(1);
            assertThat(old.one("SELECT count(*) FROM multisession_challenges")).isEqualTo("1");
        }

        @Test
        void of_requests_go_some_at_a_time_once_no_limit_counts_them() {
            CodeRequestDao requests = new CodeRequestDao();
            app.challenge(ANNA);
            clock.advance(MINUTE);
            app.challenge(ANNA);
            clock.advance(MINUTE);
            app.challenge(ANNA);
            Instant behindTwo = clock.instant();
            assertThat(app.app.database.<Integer>write(transaction -> requests.deleteOld(transaction, behindTwo, 1)))
                    .isEqualTo(1);
            assertThat(app.app.database.<Integer>write(transaction -> requests.deleteOld(transaction, behindTwo, 5)))
                    .isEqualTo(1);
            assertThat(old.one("SELECT count(*) FROM multisession_code_requests"))
                    .isEqualTo("1");
        }
    }

    @Test
    void a_refused_code_is_in_the_audit_trail_of_its_user() {
        ChallengeSecret secret = app.challenge(ANNA);
        app.refusal(secret, CodeApp.notThis(app.sent.next().code()));
        assertThat(old.all("SELECT kind || ' ' || outcome || ' ' || user_id FROM auth_events"))
                .containsExactly("code-refused wrong 42");
    }

    @Test
    void the_secret_of_a_challenge_is_dots_in_any_log() {
        assertThat(app.challenge(ANNA)).hasToString("•••");
    }

    @Test
    void who_is_over_a_limit_does_not_wait_for_the_write_lock() {
        app.challenge(ANNA);
        // The first to be told so is written down.
        CodeApp.limited(app.ask(ANNA));
        old.lock();
        assertThat(CodeApp.limited(app.ask(ANNA)).limit()).isEqualTo(CodeLimit.RESEND);
        old.run("ROLLBACK");
    }

    @Nested
    class Attempts {

        @Test
        void after_five_wrong_ones_the_right_code_is_refused_too() {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            for (int i = 1; i <= 4; i++) {
                assertThat(app.refusal(secret, CodeApp.notThis(code))).isEqualTo(Refusal.WRONG);
            }
            assertThat(app.refusal(secret, CodeApp.notThis(code))).isEqualTo(Refusal.USED_UP);
            assertThat(app.refusal(secret, code)).isEqualTo(Refusal.USED_UP);
            assertThat(sessions()).isEqualTo("0");
        }

        @Test
        void the_fifth_may_be_the_right_one() {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            for (int i = 1; i <= 4; i++) {
                app.refusal(secret, CodeApp.notThis(code));
            }
            assertThat(app.app.opens(app.signIn(secret, code))).isEqualTo(42);
        }

        @Test
        void count_on_over_a_resend() {
            ChallengeSecret secret = app.challenge(ANNA);
            String first = app.sent.next().code();
            for (int i = 1; i <= 4; i++) {
                app.refusal(secret, CodeApp.notThis(first));
            }
            clock.advance(MINUTE);
            assertThat(CodeApp.challenged(app.askAgain(secret))).isEqualTo(secret);
            String second = app.sent.next().code();
            assertThat(app.refusal(secret, neither(first, second))).isEqualTo(Refusal.USED_UP);
            assertThat(app.refusal(secret, second)).isEqualTo(Refusal.USED_UP);
            assertThat(app.refusal(secret, first)).isEqualTo(Refusal.USED_UP);
        }

        @Test
        void on_a_challenge_that_is_over_cost_no_write() {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            for (int i = 1; i <= 5; i++) {
                app.refusal(secret, CodeApp.notThis(code));
            }
            String before = old.dump();
            assertThat(app.refusal(secret, code)).isEqualTo(Refusal.USED_UP);
            clock.advance(TTL);
            assertThat(app.refusal(secret, code)).isEqualTo(Refusal.EXPIRED);
            assertThat(old.dump()).isEqualTo(before);
        }

        @Test
        void that_others_have_used_up_meanwhile_refuse_the_right_code_in_its_own_transaction() {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            old.run("UPDATE multisession_challenges SET attempts = 5");
            OneTimeCodes codes = new OneTimeCodes(
                    app.app.database,
                    new GroupCommit(app.app.database),
                    new CodeTables(),
                    CodeApp.RULES,
                    app.limits,
                    app.queue,
                    new SecureRandom(),
                    clock,
                    CodeListener.NONE);
            assertThat(app.app.database.<OneTimeCodes.AttemptResult>write(
                            transaction -> codes.attempt(transaction, secret, code, CodeApp.HOME)))
                    .isEqualTo(Refusal.USED_UP);
        }

        @Test
        void are_never_more_than_five_when_fifty_come_at_the_same_time() throws Exception {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            List<CodeSignIn.Result> results = atOnce(50, i -> app.attempt(secret, CodeApp.notThis(code)));
            assertThat(results.stream().filter(result -> isRefused(result, Refusal.WRONG)))
                    .hasSize(4);
            assertThat(old.one("SELECT attempts FROM multisession_challenges")).isEqualTo("5");
            assertThat(app.refusal(secret, code)).isEqualTo(Refusal.USED_UP);
        }
    }

    @Nested
    class Resend {

        @Test
        void the_new_code_signs_in() {
            ChallengeSecret secret = app.challenge(ANNA);
            app.sent.next();
            clock.advance(MINUTE);
            app.askAgain(secret);
            assertThat(app.app.opens(app.signIn(secret, app.sent.next().code())))
                    .isEqualTo(42);
        }

        @Test
        void the_code_before_it_signs_in_to_the_end_of_its_own_life() {
            ChallengeSecret secret = app.challenge(ANNA);
            String first = app.sent.next().code();
            clock.advance(MINUTE);
            app.askAgain(secret);
            clock.advance(TTL.minus(MINUTE).minusMillis(1));
            assertThat(app.app.opens(app.signIn(secret, first))).isEqualTo(42);
        }

        @Test
        void the_code_before_it_does_not_live_longer_by_it() {
            ChallengeSecret secret = app.challenge(ANNA);
            String first = app.sent.next().code();
            clock.advance(MINUTE);
            app.askAgain(secret);
            String second = app.sent.next().code();
            clock.advance(TTL.minus(MINUTE));
            if (!first.equals(second)) {
                assertThat(app.refusal(secret, first)).isEqualTo(Refusal.WRONG);
            }
            assertThat(app.app.opens(app.signIn(secret, second))).isEqualTo(42);
        }

        @Test
        void only_the_newest_two_codes_count() {
            ChallengeSecret secret = app.challenge(ANNA);
            String first = app.sent.next().code();
            List<String> later = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                clock.advance(MINUTE);
                app.askAgain(secret);
                later.add(app.sent.next().code());
            }
            if (!later.contains(first)) {
                assertThat(app.refusal(secret, first)).isEqualTo(Refusal.WRONG);
            }
            assertThat(app.app.opens(app.signIn(secret, later.get(0)))).isEqualTo(42);
        }

        @Test
        void one_code_of_the_two_uses_both_up() {
            ChallengeSecret secret = app.challenge(ANNA);
            String first = app.sent.next().code();
            clock.advance(MINUTE);
            app.askAgain(secret);
            String second = app.sent.next().code();
            app.signIn(secret, second);
            assertThat(app.refusal(secret, first)).isEqualTo(Refusal.EXPIRED);
            assertThat(app.refusal(secret, second)).isEqualTo(Refusal.EXPIRED);
        }

        @Test
        void of_a_challenge_that_has_run_out_begins_a_new_one() {
            ChallengeSecret secret = app.challenge(ANNA);
            app.sent.next();
            clock.advance(TTL);
            ChallengeSecret fresh = CodeApp.challenged(app.askAgain(secret));
            assertThat(fresh).isNotEqualTo(secret);
            String code = app.sent.next().code();
            assertThat(app.refusal(secret, code)).isEqualTo(Refusal.EXPIRED);
            assertThat(app.app.opens(app.signIn(fresh, code))).isEqualTo(42);
        }

        @Test
        void of_a_challenge_that_is_used_up_begins_a_new_one_with_its_own_count() {
            ChallengeSecret secret = app.challenge(ANNA);
            String first = app.sent.next().code();
            for (int i = 1; i <= 5; i++) {
                app.refusal(secret, CodeApp.notThis(first));
            }
            clock.advance(MINUTE);
            ChallengeSecret fresh = CodeApp.challenged(app.askAgain(secret));
            assertThat(fresh).isNotEqualTo(secret);
            String second = app.sent.next().code();
            assertThat(app.refusal(secret, second)).isEqualTo(Refusal.USED_UP);
            assertThat(app.refusal(fresh, CodeApp.notThis(second))).isEqualTo(Refusal.WRONG);
            assertThat(app.app.opens(app.signIn(fresh, second))).isEqualTo(42);
        }

        @Test
        void by_a_made_up_secret_is_refused() {
            assertThat(app.askAgain(new ChallengeSecret("made-up"))).isNull();
        }

        @Test
        void with_the_secret_of_another_number_s_challenge_begins_a_new_one() {
            ChallengeSecret annas = app.challenge(ANNA);
            app.sent.next();
            ChallengeSecret borises = CodeApp.challenged(app.ask(BORIS, CodeApp.HOME, annas));
            assertThat(borises).isNotEqualTo(annas);
            assertThat(app.app.opens(app.signIn(borises, app.sent.next().code())))
                    .isEqualTo(43);
        }

        @Test
        void goes_on_with_its_challenge_though_another_number_was_asked_for_in_between() {
            ChallengeSecret annas = app.challenge(ANNA);
            String first = app.sent.next().code();
            app.refusal(annas, CodeApp.notThis(first));
            ChallengeSecret borises = CodeApp.challenged(app.ask(BORIS, CodeApp.HOME, annas));
            clock.advance(MINUTE);
            ChallengeSecret again = CodeApp.challenged(app.askHolding(ANNA, CodeApp.HOME, List.of(borises, annas)));
            assertThat(app.codes.standing(again))
                    .extracting(ChallengeStatus::attemptsLeft)
                    .isEqualTo(4);
            assertThat(app.app.opens(app.signIn(again, first))).isEqualTo(42);
        }

        @Test
        void does_not_give_used_attempts_back_and_the_challenge_says_how_many_are_left() {
            ChallengeSecret secret = app.challenge(ANNA);
            assertThat(app.codes.standing(secret))
                    .extracting(ChallengeStatus::attemptsLeft)
                    .isEqualTo(5);
            app.refusal(secret, CodeApp.notThis(app.sent.next().code()));
            clock.advance(MINUTE);
            app.askAgain(secret);
            assertThat(app.codes.standing(secret))
                    .extracting(ChallengeStatus::attemptsLeft, ChallengeStatus::expiresIn)
                    .containsExactly(4, TTL);
        }

        @Test
        void a_look_at_the_challenge_sends_nothing_and_changes_nothing() {
            ChallengeSecret secret = app.challenge(ANNA);
            app.sent.next();
            String before = old.dump();
            clock.advance(Duration.ofSeconds(15));
            for (int i = 0; i < 3; i++) {
                assertThat(app.codes.standing(secret))
                        .extracting(
                                ChallengeStatus::number,
                                ChallengeStatus::isOver,
                                ChallengeStatus::resendIn,
                                ChallengeStatus::expiresIn)
                        .containsExactly("+79991234567", false, Duration.ofSeconds(45), TTL.minusSeconds(15));
            }
            app.queue.close();
            assertThat(app.sent.drain()).isEmpty();
            assertThat(old.dump()).isEqualTo(before);
        }
    }

    @Nested
    class ALeakedDatabase {

        @Test
        void gives_neither_code_nor_secret_away() throws Exception {
            ChallengeSecret secret = app.challenge(ANNA);
            String first = app.sent.next().code();
            app.refusal(secret, CodeApp.notThis(first));
            clock.advance(MINUTE);
            app.askAgain(secret);
            String second = app.sent.next().code();
            String dump = old.dump();
            assertThat(dump).contains("+79991234567").doesNotContain(secret.value());
            Set<String> values = values(dump);
            for (String code : new String[] {first, second}) {
                // Digits may stand in a row of a time's fraction, so whole values are compared.
                assertThat(values).doesNotContain(code).doesNotContainAnyElementsOf(unkeyedHashes(code));
            }
            // The search itself would find one.
            assertThat(values(dump + unkeyedHash("SHA-256", first, true))).containsAnyElementsOf(unkeyedHashes(first));
        }

        @Test
        void has_different_values_for_one_code_in_two_challenges() {
            app.close();
            redeploy(CodeApp.deploy(old.claim(), CodeApp.RULES, clock, new AlwaysSmall()));
            app.challenge(ANNA);
            app.challenge(BORIS);
            assertThat(app.sent.next().code()).isEqualTo(app.sent.next().code());
            assertThat(new HashSet<>(old.all("SELECT code_mac FROM multisession_challenges")))
                    .hasSize(2);
        }

        private static Set<String> values(String dump) {
            Set<String> values = new HashSet<>();
            Matcher value = Pattern.compile("[0-9A-Za-z_+/=-]+").matcher(dump);
            while (value.find()) {
                values.add(value.group());
            }
            return values;
        }

        private static List<String> unkeyedHashes(String code) throws Exception {
            List<String> hashes = new ArrayList<>();
            for (String algorithm : new String[] {"MD5", "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"}) {
                for (String text : new String[] {code, "+79991234567" + code, code + "+79991234567"}) {
                    hashes.add(unkeyedHash(algorithm, text, true));
                    hashes.add(unkeyedHash(algorithm, text, false));
                    hashes.add(Base64.getEncoder().encodeToString(digest(algorithm, text)));
                    hashes.add(Base64.getUrlEncoder().withoutPadding().encodeToString(digest(algorithm, text)));
                }
            }
            return hashes;
        }

        private static String unkeyedHash(String algorithm, String text, boolean small) throws Exception {
            HexFormat hex = small ? HexFormat.of() : HexFormat.of().withUpperCase();
            return hex.formatHex(digest(algorithm, text));
        }

        private static byte[] digest(String algorithm, String text) throws Exception {
            return MessageDigest.getInstance(algorithm).digest(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    @Nested
    @DisplayName("A known, an unknown and an ambiguous number cannot be told apart")
    class NoTellingApart {

        @Test
        void by_what_is_answered_and_what_is_written_and_only_the_known_one_gets_a_message() {
            old.run("INSERT INTO users (id, phone) VALUES (90, '+7 999 777-77-77'), (91, '8 999 777-77-77')");
            List<List<Object>> answers = new ArrayList<>();
            List<List<String>> rows = new ArrayList<>();
            for (String phone : new String[] {ANNA, NOBODY, "+7 999 777-77-77"}) {
                String before = old.dump();
                answers.add(wholeStory(phone));
                rows.add(added(before, old.dump()));
            }
            assertThat(answers.get(1)).isEqualTo(answers.get(0));
            assertThat(answers.get(2)).isEqualTo(answers.get(0));
            assertThat(rows.get(0)).isNotEmpty();
            assertThat(alike(rows.get(1))).isEqualTo(alike(rows.get(0)));
            assertThat(rows.get(2)).isEqualTo(rows.get(1));
            assertThat(old.all("SELECT number FROM multisession_code_requests")).containsOnly("+79991234567");
            app.queue.close();
            assertThat(app.sent.drain())
                    .hasSize(3)
                    .extracting(SentCodes.Message::number)
                    .containsOnly("+79991234567");
        }

        @Test
        void by_a_right_guess_at_a_number_that_is_nobody_s() {
            app.close();
            redeploy(CodeApp.deploy(old.claim(), CodeApp.RULES, clock, new AlwaysSmall()));
            ChallengeSecret secret = app.challenge(NOBODY);
            assertThat(app.refusal(secret, "000042")).isEqualTo(Refusal.WRONG);
            assertThat(app.refusal(secret, "000042")).isEqualTo(Refusal.WRONG);
            assertThat(sessions()).isEqualTo("0");
        }

        /** As many challenges and requests, though in tables of their own, and the very same lines of the trail. */
        private static List<String> alike(List<String> rows) {
            return rows.stream()
                    .map(row -> row.replaceFirst("multisession_(?:stranger_|code_)?(challenges|requests): .*", "$1"))
                    .toList();
        }

        /** Everything that a stranger can ask about a number, and what is answered, without what is random. */
        private List<Object> wholeStory(String phone) {
            List<Object> story = new ArrayList<>();
            CodeRequestResult asked = app.ask(phone);
            ChallengeSecret secret = CodeApp.challenged(asked);
            story.add(secret.value().length());
            story.add(asked.toString());
            story.add(shape(app.codes.standing(secret)));
            for (int i = 0; i < 2; i++) {
                // No code: it cannot be right by chance.
                story.add(app.refusal(secret, "wrong!"));
            }
            story.add(hit(app.ask(phone)));
            clock.advance(MINUTE);
            asked = app.askAgain(secret);
            story.add(CodeApp.challenged(asked).equals(secret));
            for (int i = 0; i < 4; i++) {
                story.add(app.refusal(secret, "wrong!"));
            }
            story.add(shape(app.codes.standing(secret)));
            clock.advance(MINUTE);
            asked = app.askAgain(secret);
            story.add(CodeApp.challenged(asked).equals(secret));
            story.add(hit(app.ask(phone)));
            clock.advance(TTL);
            story.add(app.refusal(CodeApp.challenged(asked), "wrong!"));
            return story;
        }

        private Object hit(CodeRequestResult asked) {
            CodeLimits.LimitExceeded hit = CodeApp.limited(asked);
            return hit.limit() + " " + Duration.between(clock.instant(), hit.retryAt());
        }

        private static Object shape(@Nullable ChallengeStatus standing) {
            return standing == null
                    ? "none"
                    : standing.number().length() + " " + standing.end() + " " + standing.resendIn() + " "
                            + standing.attemptsLeft() + " " + standing.expiresIn();
        }

        /** The rows that came, without what is random or of the number itself, and without whether it was sent. */
        private static List<String> added(String before, String after) {
            Set<String> known = new HashSet<>(before.lines().toList());
            return after.lines()
                    .filter(line -> !known.contains(line))
                    .map(line -> line.replaceAll("'[0-9A-Za-z_-]{43}'", "?")
                            .replaceAll("'\\+7999[0-9]*'", "#")
                            .replaceAll("'\\d{4}-[0-9: .+-]*'", "@")
                            .replaceAll(": \\d+,", ": id,")
                            .replaceAll(",[01],([01])$", ",sent,$1")
                            // The trail names the user, where there is one; nobody outside sees it.
                            .replaceAll("(auth_events: id,@,'[a-z-]+','[a-z_-]+'),(NULL|\\d+),", "$1,whose,"))
                    .sorted()
                    .toList();
        }
    }

    @Nested
    class Registration {

        @BeforeEach
        void openIt() {
            app.close();
            redeploy(CodeApp.deployOpen(old.claim(), CodeApp.RULES, clock));
        }

        @Test
        void a_user_is_made_only_after_the_code_is_right() {
            ChallengeSecret secret = app.challenge(NOBODY);
            String code = app.sent.next().code();
            app.refusal(secret, CodeApp.notThis(code));
            assertThat(users()).isEqualTo("0");
            String token = app.signIn(secret, code);
            assertThat(users()).isEqualTo("1");
            assertThat(String.valueOf(app.app.opens(token)))
                    .isEqualTo(old.one("SELECT id FROM users WHERE phone = '+79995550000'"));
        }

        @Test
        void twenty_first_sign_ins_of_one_number_at_the_same_time_make_one_user() throws Exception {
            app.close();
            CodeRules many = new CodeRules(
                    TTL,
                    5,
                    Duration.ofSeconds(5),
                    new CodeRules.Limits(100, 100, 100, 100, 100, 100, 0),
                    Delivery.PLAIN);
            redeploy(CodeApp.deployOpen(old.claim(), many, clock));
            List<ChallengeSecret> secrets = new ArrayList<>();
            List<String> codes = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                secrets.add(app.challenge(NOBODY));
                codes.add(app.sent.next().code());
                clock.advance(Duration.ofSeconds(5));
            }
            List<CodeSignIn.Result> results = atOnce(20, i -> app.attempt(secrets.get(i), codes.get(i)));
            assertThat(results).allMatch(CodeSignIn.Result.Started.class::isInstance);
            assertThat(users()).isEqualTo("1");
            assertThat(sessions()).isEqualTo("20");
        }

        @Test
        void a_number_of_two_users_makes_no_third() {
            old.run("INSERT INTO users (id, phone) VALUES (90, '+7 999 777-77-77'), (91, '8 999 777-77-77')");
            app.challenge("+79997777777");
            app.queue.close();
            assertThat(app.sent.drain()).isEmpty();
        }

        @Test
        void a_number_that_no_country_has_given_out_gets_no_message() {
            app.challenge("+7 000 000-00-00");
            app.queue.close();
            assertThat(app.sent.drain()).isEmpty();
        }

        private String users() {
            return old.one("SELECT count(*) FROM users WHERE phone LIKE '%5550000'");
        }
    }

    @Nested
    @Tag("brute-force")
    class BruteForce {

        private static final int TRIES_PER_CODE = 25;

        /**
         * A day of it: a botnet of 3000 networks asks for codes to one number as often as it can, goes on with old
         * challenges or begins new ones, and tries whatever it likes against all that it holds. Its guesses are never
         * right by chance, so that the test means the same on every run; what is judged is how many were compared.
         */
        @Test
        void of_however_many_tries_from_everywhere_hardly_any_is_even_compared() {
            try (OldApp fast = quick();
                    CodeApp victim = CodeApp.deploy(fast.claim(), CodeApp.RULES, clock, new NeverSmall())) {
                Random random = new Random(20261122);
                List<ChallengeSecret> held = new ArrayList<>();
                int signedIn = 0;
                int compared = 0;
                int tries = tries();
                Duration step = Duration.ofDays(1).dividedBy(tries);
                for (int i = 0; i < tries; i++) {
                    clock.advance(step);
                    String address = address(random.nextInt(3000));
                    if (i % TRIES_PER_CODE == 0) {
                        ChallengeSecret old =
                                held.isEmpty() || random.nextBoolean() ? null : held.get(random.nextInt(held.size()));
                        if (victim.ask(ANNA, address, old) instanceof CodeRequestResult.Challenged challenged) {
                            held.add(challenged.secret());
                        }
                    }
                    // The newest mostly: the others are over.
                    ChallengeSecret secret = random.nextInt(50) == 0
                            ? new ChallengeSecret("guess" + i)
                            : held.get(random.nextInt(10) == 0 ? random.nextInt(held.size()) : held.size() - 1);
                    CodeSignIn.Result result =
                            victim.attempt(secret, "%06d".formatted(random.nextInt(500_000)), address);
                    signedIn += result instanceof CodeSignIn.Result.Started ? 1 : 0;
                    compared += isRefused(result, Refusal.WRONG) ? 1 : 0;
                }
                // Ten codes, and one more in each hour for a network that has not asked before.
                int most = CodeApp.RULES.limits().numberPerDay() + 24;
                assertThat(signedIn).isZero();
                assertThat(held).hasSizeBetween(CodeApp.RULES.limits().numberPerDay(), most);
                int counted = Integer.parseInt(fast.one("SELECT sum(attempts) FROM multisession_challenges"));
                assertThat(counted).isBetween(compared, most * CodeApp.RULES.attempts());
                assertThat(Integer.parseInt(fast.one("SELECT count(*) FROM auth_events WHERE kind = 'code-refused'")))
                        .isEqualTo(counted);
                assertThat(fast.one("SELECT count(*) FROM user_sessions")).isEqualTo("0");
                assertThat(fast.legacyTokenOf(42)).isEqualTo("old_token_xyz123");
            }
        }

        private static String address(int n) {
            return n % 2 == 0
                    ? "198.51." + n / 250 + "." + n % 250
                    : "2001:db8:" + Integer.toHexString(n) + "::" + Integer.toHexString(n * 7);
        }
    }

    private static boolean isRefused(CodeSignIn.Result result, Refusal why) {
        return result instanceof CodeSignIn.Result.Refused refused && refused.why() == why;
    }

    private static String neither(String one, String other) {
        String code = CodeApp.notThis(one);
        return code.equals(other) ? CodeApp.notThis(code) : code;
    }

    /** One piece of work of many that begin at the same time. */
    interface Work<T> {
        T run(int i) throws Exception;
    }

    static <T> List<T> atOnce(int threads, Work<T> work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            CountDownLatch ready = new CountDownLatch(threads);
            List<Future<T>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int number = i;
                Callable<T> one = () -> {
                    ready.countDown();
                    ready.await();
                    return work.run(number);
                };
                running.add(pool.submit(one));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> one : running) {
                results.add(one.get());
            }
            return results;
        } finally {
            pool.shutdown();
        }
    }

    /** Gives the code 42 every time. */
    private static final class AlwaysSmall extends SecureRandom {
        @Override
        public int nextInt(int bound) {
            return 42;
        }
    }

    /** Gives codes of the upper half only. */
    private static final class NeverSmall extends SecureRandom {
        @Override
        public int nextInt(int bound) {
            return bound / 2 + super.nextInt(bound / 2);
        }
    }
}
