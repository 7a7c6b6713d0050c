package org.multisession.otp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.db.DatabaseBusyException;
import org.multisession.otp.OneTimeCodes.CodeRequestResult;
import org.multisession.testing.CodeApp;
import org.multisession.testing.LogLines;
import org.multisession.testing.OldApp;
import org.multisession.testing.TestClock;

/** How many codes there may be, by number, by network, in all; on every database. */
abstract class CodeLimitsContract {

    private static final String ANNA = "+79991234567";
    private static final String STRANGER = "198.51.100.7";
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration MOMENT = Duration.ofMillis(1);

    final TestClock clock = new TestClock();
    OldApp old;
    CodeApp app;

    /** A fresh database of the old app that {@link CodeApp} can be deployed on. */
    abstract OldApp single();

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

    private void redeploy(CodeRules rules) {
        app.close();
        app = CodeApp.deploy(old.claim(), rules, clock);
    }

    /** The rules of the defaults, with budgets of this many. */
    private static CodeRules budgets(int prefixPerDay, int totalPerDay, int breakerSent, int breakerUsedPercent) {
        CodeRules.Limits limits = CodeApp.RULES.limits();
        return CodeApp.RULES.with(new CodeRules.Limits(
                limits.numberPerHour(),
                limits.numberPerDay(),
                100_000,
                prefixPerDay,
                totalPerDay,
                breakerSent,
                breakerUsedPercent));
    }

    private void granted(@Nullable CodeRequestResult asked) {
        assertThat(asked).isInstanceOf(CodeRequestResult.Challenged.class);
    }

    private void granted(String phone) {
        granted(app.ask(phone));
    }

    private void refused(CodeRequestResult asked, CodeLimit limit, Instant retryAt) {
        assertThat(CodeApp.limited(asked)).isEqualTo(new CodeLimits.LimitExceeded(limit, retryAt));
    }

    private void refused(String phone, CodeLimit limit, Instant retryAt) {
        refused(app.ask(phone), limit, retryAt);
    }

    /** A user of this number, and the number. */
    private String user(int n) {
        String phone = "+7999%07d".formatted(n);
        old.addUser(phone, null);
        return phone;
    }

    /** A user in a block of numbers of its own, and the number. */
    private String userElsewhere(int n) {
        return user(n * 10_000);
    }

    private String requests() {
        return old.one("SELECT count(*) FROM multisession_code_requests");
    }

    /**
     * Lets time pass for somebody who asks at every minute, but not beyond an end. Of the minutes that this answer says to
     * wait, only the last ones are played: what the limits count changes by nothing but by what is asked for.
     */
    private void goOnAfter(CodeRequestResult asked, Instant end) {
        clock.advance(MINUTE);
        if (asked instanceof CodeRequestResult.Limited limited) {
            Instant told = limited.hit().retryAt();
            Duration wait = Duration.between(clock.instant(), told.isBefore(end) ? told : end);
            clock.advance(Duration.ofMinutes(Math.max(0, wait.toMinutes() - 2)));
        }
    }

    private static boolean isGranted(CodeRequestResult asked) {
        return asked instanceof CodeRequestResult.Challenged;
    }

    @Nested
    class ByNumber {

        @Test
        void one_a_minute() {
            Instant first = clock.instant();
            granted(ANNA);
            refused(ANNA, CodeLimit.RESEND, first.plus(MINUTE));
            clock.advance(MINUTE.minus(MOMENT));
            refused(ANNA, CodeLimit.RESEND, first.plus(MINUTE));
            clock.advance(MOMENT);
            granted(ANNA);
        }

        @Test
        void five_an_hour() {
            Instant first = clock.instant();
            for (int i = 0; i < 5; i++) {
                granted(ANNA);
                clock.advance(MINUTE);
            }
            refused(ANNA, CodeLimit.NUMBER_HOUR, first.plus(HOUR));
            clock.advance(HOUR.minus(MINUTE.multipliedBy(5)).minus(MOMENT));
            refused(ANNA, CodeLimit.NUMBER_HOUR, first.plus(HOUR));
            clock.advance(MOMENT);
            granted(ANNA);
            // The hour glides: the second of the five is the next to leave it.
            assertThat(CodeApp.limited(app.ask(ANNA)).retryAt())
                    .isEqualTo(first.plus(HOUR).plus(MINUTE));
            clock.advance(MINUTE);
            granted(ANNA);
        }

        @Test
        void ten_a_day() {
            Instant first = clock.instant();
            for (int i = 0; i < 10; i++) {
                granted(ANNA);
                clock.advance(Duration.ofMinutes(15));
            }
            refused(ANNA, CodeLimit.NUMBER_DAY, first.plus(DAY));
            clock.advance(DAY.minus(Duration.ofMinutes(150)).minus(MOMENT));
            refused(ANNA, CodeLimit.NUMBER_DAY, first.plus(DAY));
            clock.advance(MOMENT);
            granted(ANNA);
            refused(ANNA, CodeLimit.NUMBER_DAY, first.plus(DAY).plus(Duration.ofMinutes(15)));
        }

        @Test
        void whoever_comes_back_when_told_to_is_not_sent_away_again() {
            for (int i = 0; i < 40; i++) {
                CodeRequestResult asked = app.ask(ANNA);
                if (asked instanceof CodeRequestResult.Limited limited) {
                    clock.advance(
                            Duration.between(clock.instant(), limited.hit().retryAt()));
                    granted(ANNA);
                }
            }
        }

        @Test
        void a_resend_counts_like_any_other() {
            Instant first = clock.instant();
            ChallengeSecret secret = app.challenge(ANNA);
            refused(Objects.requireNonNull(app.askAgain(secret)), CodeLimit.RESEND, first.plus(MINUTE));
            for (int i = 1; i < 5; i++) {
                clock.advance(MINUTE);
                granted(app.askAgain(secret));
            }
            clock.advance(MINUTE);
            // The first challenge has run out, so this one would be new; the count knows nothing of challenges.
            refused(Objects.requireNonNull(app.askAgain(secret)), CodeLimit.NUMBER_HOUR, first.plus(HOUR));
        }

        @Test
        void every_shape_of_a_number_counts_as_one() {
            granted("8 (999) 123-45-67");
            for (String shape : List.of("+7 999 1234567", "79991234567", "9991234567", "+7(999)123 45 67")) {
                assertThat(CodeApp.limited(app.ask(shape)).limit()).as(shape).isEqualTo(CodeLimit.RESEND);
            }
            granted("+7 999 123-45-68");
        }

        @Test
        void a_refused_request_counts_for_nothing() {
            granted(ANNA);
            for (int i = 0; i < 50; i++) {
                app.ask(ANNA);
            }
            assertThat(requests()).isEqualTo("1");
            clock.advance(MINUTE);
            granted(ANNA);
        }

        @Test
        void an_unknown_number_is_limited_alike() {
            String nobody = "+79995550000";
            Instant first = clock.instant();
            granted(nobody);
            refused(nobody, CodeLimit.RESEND, first.plus(MINUTE));
            for (int i = 1; i < 5; i++) {
                clock.advance(MINUTE);
                granted(nobody);
            }
            clock.advance(MINUTE);
            refused(nobody, CodeLimit.NUMBER_HOUR, first.plus(HOUR));
        }
    }

    @Nested
    class ByNetwork {

        @Test
        void twenty_an_hour_for_whatever_numbers() {
            Instant first = clock.instant();
            for (int i = 0; i < 20; i++) {
                granted("+7999500%04d".formatted(i));
            }
            refused(ANNA, CodeLimit.ADDRESS_HOUR, first.plus(HOUR));
            granted(app.ask(ANNA, STRANGER, null));
            clock.advance(HOUR.minus(MOMENT));
            refused("+79995000000", CodeLimit.ADDRESS_HOUR, first.plus(HOUR));
            clock.advance(MOMENT);
            granted(ANNA);
        }

        @Test
        void addresses_of_one_subscriber_of_ipv6_count_as_one() {
            for (int i = 0; i < 20; i++) {
                granted(app.ask("+7999500%04d".formatted(i), "2001:db8:1:2:" + i + "::" + i, null));
            }
            assertThat(limit("2001:db8:1:2::1")).isEqualTo(CodeLimit.ADDRESS_HOUR);
            assertThat(limit("2001:0DB8:0001:0002:ffff:ffff:ffff:ffff")).isEqualTo(CodeLimit.ADDRESS_HOUR);
            assertThat(limit("2001:db8:1:3::1")).isNull();
        }

        @Test
        void an_ipv4_address_inside_ipv6_counts_as_itself() {
            for (int i = 0; i < 20; i++) {
                granted(app.ask("+7999500%04d".formatted(i), i % 2 == 0 ? "203.0.113.9" : "::ffff:203.0.113.9", null));
            }
            assertThat(limit("::ffff:cb00:7109")).isEqualTo(CodeLimit.ADDRESS_HOUR);
            assertThat(limit("203.0.113.9")).isEqualTo(CodeLimit.ADDRESS_HOUR);
            assertThat(limit("::ffff:203.0.113.10")).isNull();
        }

        private @Nullable CodeLimit limit(String address) {
            return app.ask(ANNA, address, null) instanceof CodeRequestResult.Limited limited
                    ? limited.hit().limit()
                    : null;
        }
    }

    @Nested
    class Budgets {

        @Test
        void of_a_block_of_numbers_count_only_what_was_sent() {
            redeploy(budgets(3, 100, 100, 0));
            Instant first = clock.instant();
            for (int i = 0; i < 10; i++) {
                granted("+79995%06d".formatted(i));
            }
            for (int i = 0; i < 3; i++) {
                granted(user(5_000_100 + i));
                clock.advance(MOMENT);
            }
            refused(user(5_000_200), CodeLimit.PREFIX_DAY, first.plus(DAY));
            refused("+79995000999", CodeLimit.PREFIX_DAY, first.plus(DAY));
            granted(user(5_010_000));
            clock.advance(DAY.minus(MOMENT.multipliedBy(4)));
            refused(user(5_000_300), CodeLimit.PREFIX_DAY, first.plus(DAY));
            clock.advance(MOMENT);
            granted(user(5_000_400));
        }

        @Test
        void of_a_day_in_all_count_only_what_was_sent() {
            redeploy(budgets(100, 3, 100, 0));
            Instant first = clock.instant();
            for (int i = 0; i < 10; i++) {
                granted("+7999%03d0000".formatted(500 + i));
            }
            for (int i = 0; i < 3; i++) {
                granted(userElsewhere(600 + i));
            }
            refused(userElsewhere(700), CodeLimit.TOTAL_DAY, first.plus(DAY));
            clock.advance(DAY.minus(MOMENT));
            refused(userElsewhere(701), CodeLimit.TOTAL_DAY, first.plus(DAY));
            clock.advance(MOMENT);
            granted(userElsewhere(702));
        }
    }

    @Nested
    class Breaker {

        @Test
        void opens_when_hardly_any_code_comes_back_and_says_so_once() {
            redeploy(budgets(100, 100, 10, 10));
            try (LogLines log = new LogLines()) {
                for (int i = 0; i < 10; i++) {
                    granted(userElsewhere(600 + i));
                    clock.advance(MINUTE);
                }
                CodeRequestResult refused = app.ask(userElsewhere(700));
                refused(refused, CodeLimit.BREAKER, clock.instant().plus(Duration.ofMinutes(10)));
                for (int i = 0; i < 5; i++) {
                    assertThat(CodeApp.limited(app.ask(userElsewhere(701 + i))).limit())
                            .isEqualTo(CodeLimit.BREAKER);
                }
                assertThat(log.of(Level.SEVERE)).singleElement().asString().contains("of 10", "only 0 were used");
            }
        }

        @Test
        void closes_when_the_flood_has_left_the_hour_and_opens_again_on_the_next() {
            redeploy(budgets(100, 100, 10, 10));
            try (LogLines log = new LogLines()) {
                for (int i = 0; i < 10; i++) {
                    granted(userElsewhere(600 + i));
                }
                assertThat(CodeApp.limited(app.ask(ANNA)).limit()).isEqualTo(CodeLimit.BREAKER);
                clock.advance(HOUR.minus(MOMENT));
                assertThat(CodeApp.limited(app.ask(ANNA)).limit()).isEqualTo(CodeLimit.BREAKER);
                clock.advance(MOMENT);
                granted(ANNA);
                assertThat(log.of(Level.INFO).stream().filter(line -> line.contains("sent again")))
                        .hasSize(1);
                for (int i = 0; i < 9; i++) {
                    granted(userElsewhere(700 + i));
                }
                assertThat(CodeApp.limited(app.ask(userElsewhere(800))).limit()).isEqualTo(CodeLimit.BREAKER);
                assertThat(log.of(Level.SEVERE)).hasSize(2);
            }
        }

        @Test
        void stays_closed_while_enough_of_them_are_used() {
            redeploy(budgets(100, 100, 10, 10));
            app.signIn(ANNA);
            for (int i = 0; i < 9; i++) {
                granted(userElsewhere(600 + i));
            }
            // One of ten is ten percent; one of eleven is less.
            granted(userElsewhere(700));
            assertThat(CodeApp.limited(app.ask(userElsewhere(701))).limit()).isEqualTo(CodeLimit.BREAKER);
        }

        @Test
        void does_not_look_at_numbers_that_get_nothing() {
            redeploy(budgets(100, 100, 10, 10));
            for (int i = 0; i < 30; i++) {
                granted("+7999%03d0000".formatted(500 + i));
            }
            granted(ANNA);
            assertThat(app.limits.isBreakerOpen(clock.instant())).isFalse();
        }

        @Test
        void can_be_switched_off() {
            redeploy(budgets(100, 100, 10, 0));
            for (int i = 0; i < 30; i++) {
                granted(userElsewhere(600 + i));
            }
            assertThat(app.limits.isBreakerOpen(clock.instant())).isFalse();
        }
    }

    @Nested
    class AVictim {

        @Test
        void whose_day_a_stranger_burns_waits_for_an_hour_at_most() {
            Instant first = clock.instant();
            CodeRequestResult asked = app.ask(ANNA, STRANGER, null);
            while (!isOver(asked, CodeLimit.NUMBER_DAY) && clock.instant().isBefore(first.plus(DAY))) {
                goOnAfter(asked, first.plus(DAY));
                asked = app.ask(ANNA, STRANGER, null);
            }
            assertThat(Duration.between(first, clock.instant())).isBetween(HOUR, Duration.ofMinutes(999));
            if (app.ask(ANNA) instanceof CodeRequestResult.Limited limited) {
                Duration wait = Duration.between(clock.instant(), limited.hit().retryAt());
                assertThat(wait).isLessThanOrEqualTo(HOUR);
                clock.advance(wait);
            }
            for (int i = 0; i < CodeApp.RULES.limits().numberPerDay(); i++) {
                app.sent.next();
            }
            ChallengeSecret secret = app.challenge(ANNA);
            assertThat(app.app.opens(app.signIn(secret, app.sent.next().code())))
                    .isEqualTo(42);
        }

        private static boolean isOver(CodeRequestResult asked, CodeLimit limit) {
            return asked instanceof CodeRequestResult.Limited limited
                    && limited.hit().limit() == limit;
        }

        @Test
        void is_the_only_one_who_gets_what_is_left() {
            for (int i = 0; i < 10; i++) {
                granted(app.ask(ANNA, STRANGER, null));
                clock.advance(Duration.ofMinutes(15));
            }
            clock.advance(HOUR);
            assertThat(CodeApp.limited(app.ask(ANNA, STRANGER, null)).limit()).isEqualTo(CodeLimit.NUMBER_DAY);
            Instant reserve = clock.instant();
            granted(ANNA);
            // One an hour for all newcomers together: a thousand of them get no more.
            clock.advance(HOUR.minus(MOMENT));
            refused(app.ask(ANNA, "203.0.113.1", null), CodeLimit.NUMBER_RESERVE, reserve.plus(HOUR));
            clock.advance(MOMENT);
            granted(app.ask(ANNA, "203.0.113.1", null));
        }

        @Test
        void who_has_signed_in_earlier_that_day_gets_what_is_left_all_the_same() {
            app.signIn(ANNA);
            for (int i = 0; i < 9; i++) {
                clock.advance(Duration.ofMinutes(15));
                granted(app.ask(ANNA, STRANGER, null));
            }
            clock.advance(HOUR);
            assertThat(CodeApp.limited(app.ask(ANNA, STRANGER, null)).limit()).isEqualTo(CodeLimit.NUMBER_DAY);
            granted(ANNA);
        }

        @Test
        void who_is_signed_in_is_not_touched_by_any_limit() {
            redeploy(budgets(100, 3, 10, 10));
            String token = app.signIn(ANNA);
            String other = app.app.signIn(ANNA);
            for (int i = 0; i < 50; i++) {
                app.ask(ANNA);
                app.ask(ANNA, STRANGER, null);
                app.ask(userElsewhere(600 + i), STRANGER, null);
            }
            assertThat(app.ask(ANNA)).isInstanceOf(CodeRequestResult.Limited.class);
            assertThat(app.app.opens(token)).isEqualTo(42);
            app.app.signOut(token);
            assertThat(app.app.opens(token)).isNull();
            assertThat(app.app.opens(other)).isEqualTo(42);
        }

        @Test
        void who_has_a_code_can_use_it_whatever_the_limits_say() {
            redeploy(budgets(100, 3, 10, 10));
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            for (int i = 0; i < 50; i++) {
                app.ask(ANNA, STRANGER, null);
                app.ask(userElsewhere(600 + i), STRANGER, null);
            }
            assertThat(app.app.opens(app.signIn(secret, code))).isEqualTo(42);
        }
    }

    @Nested
    class AUsedCode {

        @Test
        void lifts_the_wait_for_the_next_device() {
            app.signIn(ANNA);
            granted(app.ask(ANNA, STRANGER, null));
            assertThat(CodeApp.limited(app.ask(ANNA, "203.0.113.1", null)).limit())
                    .isEqualTo(CodeLimit.RESEND);
        }

        @Test
        void lifts_no_other_limit() {
            for (int i = 0; i < 5; i++) {
                app.signIn(ANNA);
            }
            assertThat(CodeApp.limited(app.ask(ANNA)).limit()).isEqualTo(CodeLimit.NUMBER_HOUR);
        }

        @Test
        void leaves_what_its_browser_lost_earlier_unused() {
            ChallengeSecret phone = app.challenge(ANNA);
            app.signIn(phone, app.sent.next().code());
            clock.advance(HOUR);
            granted(app.ask(ANNA, CodeApp.HOME, phone));
            app.sent.next();
            clock.advance(CodeApp.RULES.ttl());
            granted(app.ask(ANNA, CodeApp.HOME, phone));
            app.sent.next();
            clock.advance(MINUTE);
            granted(app.askAgain(phone));
            app.signIn(phone, app.sent.next().code());
            // The last two are one challenge: the message that was late is not lost.
            assertThat(old.all("SELECT used FROM multisession_code_requests ORDER BY id"))
                    .containsExactly("1", "0", "1", "1");
        }

        @Test
        void makes_its_browser_known_wherever_that_goes_next() {
            ChallengeSecret phone = app.challenge(ANNA);
            app.signIn(phone, app.sent.next().code());
            burnTheDay(STRANGER);
            takeSent();
            granted(app.ask(ANNA, STRANGER, phone));
            assertThat(app.app.opens(app.signIn(phone, app.sent.next().code()))).isEqualTo(42);
        }

        @Test
        void makes_its_browser_known_though_that_asks_for_other_numbers_in_between() {
            ChallengeSecret used = app.challenge(ANNA);
            app.signIn(used, app.sent.next().code());
            ChallengeSecret mistyped = CodeApp.challenged(app.ask("+79991234568", CodeApp.HOME, used));
            burnTheDay(STRANGER);
            takeSent();
            assertThat(CodeApp.limited(app.ask(ANNA, STRANGER, mistyped)).limit())
                    .as("without what it has used")
                    .isIn(CodeLimit.NUMBER_DAY, CodeLimit.NUMBER_RESERVE);
            granted(app.askHolding(ANNA, STRANGER, List.of(mistyped, used)));
            assertThat(app.app.opens(app.signIn(used, app.sent.next().code()))).isEqualTo(42);
        }

        @Test
        void makes_its_browser_known_for_its_own_number_only() {
            String other = user(7_000_000);
            ChallengeSecret phone = app.challenge(ANNA);
            app.signIn(phone, app.sent.next().code());
            clock.advance(MINUTE);
            granted(app.ask(other, STRANGER, null));
            assertThat(CodeApp.limited(app.ask(other, CodeApp.HOME, phone)).limit())
                    .isEqualTo(CodeLimit.RESEND);
        }

        @Test
        void leaves_its_browser_with_the_limits_of_one() {
            ChallengeSecret phone = app.challenge(ANNA);
            app.signIn(phone, app.sent.next().code());
            burnTheDay(STRANGER);
            int codes = 0;
            Instant end = clock.instant().plus(DAY);
            while (clock.instant().isBefore(end)) {
                CodeRequestResult asked = app.ask(ANNA, "203.0.113.1", phone);
                codes += isGranted(asked) ? 1 : 0;
                goOnAfter(asked, end);
            }
            assertThat(codes).isBetween(9, 10);
        }

        @Test
        void is_remembered_for_ten_browsers_of_a_number() {
            for (int i = 0; i < 12; i++) {
                app.signIn(ANNA);
                clock.advance(HOUR.multipliedBy(3));
            }
            assertThat(old.one("SELECT count(*) FROM multisession_known_browsers"))
                    .isEqualTo("10");
        }
    }

    /** A stranger takes all that a number has for a day, in the least time. */
    private void burnTheDay(String from) {
        for (int minute = 0; minute < 65; minute++) {
            app.ask(ANNA, from, null);
            clock.advance(MINUTE);
        }
        assertThat(CodeApp.limited(app.ask(ANNA, "203.0.113.200", null)).limit())
                .isIn(CodeLimit.NUMBER_HOUR, CodeLimit.NUMBER_DAY, CodeLimit.NUMBER_RESERVE);
    }

    /** Takes the messages of every code so far, which come in any order. */
    private void takeSent() {
        int handed = Integer.parseInt(old.one("SELECT coalesce(sum(sent), 0) FROM multisession_code_requests"));
        while (app.messages.sent() < handed) {
            Thread.onSpinWait();
        }
        app.sent.drain();
    }

    /** The figures of docs/security.md. */
    @Nested
    class AStrangerWhoAsksAtEveryAllowedMoment {

        /** How many codes go out in each of three days when at every minute somebody asks. */
        private List<Integer> codesADay(java.util.function.IntFunction<String> addressOfRequest) {
            List<Integer> days = new java.util.ArrayList<>();
            int requests = 0;
            for (int day = 0; day < 3; day++) {
                int codes = 0;
                Instant end = clock.instant().plus(DAY);
                while (clock.instant().isBefore(end)) {
                    CodeRequestResult asked = app.ask(ANNA, addressOfRequest.apply(requests++), null);
                    codes += isGranted(asked) ? 1 : 0;
                    goOnAfter(asked, end);
                }
                days.add(codes);
            }
            return days;
        }

        @Test
        void gets_ten_codes_a_day_by_one_address() {
            assertThat(codesADay(request -> STRANGER)).containsExactly(10, 10, 10);
        }

        @Test
        void gets_32_codes_in_the_first_day_and_24_in_each_other_by_as_many_addresses_as_they_like() {
            assertThat(codesADay(request -> "10.0." + request / 256 + "." + request % 256))
                    .containsExactly(32, 24, 24);
        }

        @Test
        void keeps_nobody_out_for_much_longer_than_two_hours_by_one_address_though_a_message_got_lost() {
            granted(app.ask(ANNA, "203.0.113.1", null));
            assertThat(minutesUntilIn("203.0.113.1", null)).isLessThanOrEqualTo(125);
        }

        @Test
        void keeps_nobody_out_who_shares_the_address_and_signs_in_where_they_did_before() {
            ChallengeSecret phone = CodeApp.challenged(app.ask(ANNA, STRANGER, null));
            app.attempt(phone, app.sent.next().code(), STRANGER);
            // Now and then for two days, each time after a message that got lost.
            for (int hours = 0; hours < 48; hours += 6) {
                clock.advance(MINUTE);
                app.ask(ANNA, STRANGER, phone);
                int waited = minutesUntilIn(STRANGER, phone);
                assertThat(waited).as("after %d hours", hours).isLessThanOrEqualTo(2);
                strangersOnlyFor(Duration.ofHours(6));
            }
        }

        @Test
        void keeps_nobody_out_of_a_network_that_they_signed_in_on_before() {
            app.signIn(ANNA);
            for (int hours = 0; hours < 48; hours += 6) {
                app.ask(ANNA);
                assertThat(minutesUntilIn(CodeApp.HOME, null))
                        .as("after %d hours", hours)
                        .isLessThanOrEqualTo(60);
                strangersOnlyFor(Duration.ofHours(6));
            }
        }

        private void strangersOnlyFor(Duration time) {
            Instant end = clock.instant().plus(time);
            while (clock.instant().isBefore(end)) {
                goOnAfter(app.ask(ANNA, STRANGER, null), end);
            }
        }

        /** The owner asks every five minutes, the stranger every minute and first. */
        private int minutesUntilIn(String address, @Nullable ChallengeSecret held) {
            for (int minute = 0; minute < 24 * 60; minute++) {
                app.ask(ANNA, STRANGER, null);
                if ((minute % 5 == 0 || held != null) && isGranted(app.ask(ANNA, address, held))) {
                    return minute;
                }
                clock.advance(MINUTE);
            }
            return Integer.MAX_VALUE;
        }
    }

    @Nested
    class AFloodOfStrangers {

        private static final String NOBODY = "+79995550000";

        /** More than are kept. */
        private static final int MANY = CodeApp.MAX_STRANGERS + CodeApp.MAX_STRANGERS / 5;

        private int asked;

        /** So many requests for numbers that nobody has, from as many networks as that needs. */
        private void flood(int requests) {
            for (int i = 0; i < requests; i++, asked++) {
                String number = "+7495%07d".formatted(asked);
                granted(app.ask(number, "2001:db8:" + Integer.toHexString(asked / 20) + "::1", null));
            }
        }

        @Test
        void takes_a_bounded_room_however_long_it_goes_on() {
            flood(MANY);
            long size = old.size();
            for (int i = 0; i < 3; i++) {
                flood(MANY);
                clock.advance(Duration.ofMinutes(7));
            }
            assertThat(Integer.parseInt(old.one("SELECT count(*) FROM multisession_stranger_requests")))
                    .isEqualTo(CodeApp.MAX_STRANGERS);
            assertThat(Integer.parseInt(old.one("SELECT count(*) FROM multisession_stranger_challenges")))
                    .isEqualTo(CodeApp.MAX_STRANGERS);
            assertThat(requests()).isEqualTo("0");
            assertThat(old.size()).isLessThanOrEqualTo(size + size / 4);
        }

        @Test
        void keeps_no_owner_out() {
            flood(MANY);
            ChallengeSecret secret = app.challenge(ANNA);
            flood(MANY);
            assertThat(app.app.opens(app.signIn(secret, app.sent.next().code())))
                    .isEqualTo(42);
        }

        @Test
        void keeps_nobody_out_who_has_a_code_though_no_more_can_be_asked_for() throws Exception {
            ChallengeSecret secret = app.challenge(ANNA);
            // So many that commits have to wait for their turn.
            flood(600);
            String code = app.sent.next().code();
            CountDownLatch goOn = new CountDownLatch(1);
            app.whileAsksRest = () -> await(goOn);
            ExecutorService threads = Executors.newCachedThreadPool();
            try {
                ExecutorCompletionService<CodeRequestResult> asks = new ExecutorCompletionService<>(threads);
                for (int i = 0; i < 102; i++) {
                    int n = i;
                    Future<CodeRequestResult> unused =
                            asks.submit(() -> app.ask("+7496%07d".formatted(n), "203.0.113." + n, null));
                }
                assertThatThrownBy(() -> asks.take().get()).hasCauseInstanceOf(DatabaseBusyException.class);
                assertThat(app.app.opens(app.signIn(secret, code))).isEqualTo(42);
                goOn.countDown();
                for (int i = 1; i < 102; i++) {
                    assertThat(asks.take()).isDone();
                }
            } finally {
                goOn.countDown();
                threads.shutdown();
            }
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 24 * 4383})
        void by_a_clock_that_was_ahead_switches_no_limit_off(int hours) {
            clock.jump(Duration.ofHours(hours));
            flood(MANY);
            clock.jump(Duration.ofHours(-hours));
            flood(10);
            clock.advance(MOMENT);
            granted(ANNA);
            granted(NOBODY);
            assertThat(CodeApp.limited(app.ask(ANNA, STRANGER, null)).limit()).isEqualTo(CodeLimit.RESEND);
            assertThat(CodeApp.limited(app.ask(NOBODY, STRANGER, null)).limit()).isEqualTo(CodeLimit.RESEND);
        }

        @Test
        void leaves_known_and_unknown_numbers_alike_though_one_of_them_is_forgotten() {
            granted(ANNA);
            granted(NOBODY);
            flood(MANY);
            clock.advance(MOMENT);
            granted(ANNA);
            granted(NOBODY);
            app.queue.close();
            assertThat(app.sent.drain()).as("what is told is not what is done").hasSize(1);
        }

        @Test
        void lets_no_more_codes_out_than_without_it() {
            int codes = 0;
            for (int minute = 0; minute < 70; minute++) {
                app.ask(ANNA, "203.0.113." + minute, null);
                flood(CodeApp.MAX_STRANGERS / 5);
                clock.advance(MINUTE);
            }
            app.queue.close();
            codes += app.sent.drain().size();
            assertThat(codes).isEqualTo(10);
        }
    }

    @Nested
    class AClockThatWasAhead {

        @ParameterizedTest
        @ValueSource(ints = {1, 24 * 4383})
        void locks_nobody_once_it_is_right_again(int hours) {
            clock.advance(Duration.ofHours(hours));
            for (int i = 0; i < 15; i++) {
                app.ask(ANNA);
                granted("+7999500%04d".formatted(i));
                clock.advance(MINUTE);
            }
            assertThat(app.ask(ANNA)).isInstanceOf(CodeRequestResult.Limited.class);
            assertThat(app.ask("+79995009999")).isInstanceOf(CodeRequestResult.Limited.class);
            clock.advance(Duration.ofHours(-hours).minus(MINUTE.multipliedBy(15)));
            Instant first = clock.instant();
            granted(ANNA);
            refused(ANNA, CodeLimit.RESEND, first.plus(MINUTE));
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 24 * 4383})
        void leaves_no_code_that_is_good_for_ever(int hours) {
            clock.advance(Duration.ofHours(hours));
            ChallengeSecret secret = app.challenge(ANNA);
            clock.advance(Duration.ofHours(-hours));
            assertThat(app.refusal(secret, app.sent.next().code())).isEqualTo(OneTimeCodes.Refusal.EXPIRED);
        }

        @Test
        void by_less_than_nodes_may_differ_still_counts_and_never_asks_for_more_than_the_window() {
            clock.advance(Duration.ofSeconds(4));
            granted(ANNA);
            clock.advance(Duration.ofSeconds(-4));
            refused(ANNA, CodeLimit.RESEND, clock.instant().plus(MINUTE));
        }
    }

    @Nested
    class Counting {

        @Test
        void goes_on_after_a_restart() {
            Instant first = clock.instant();
            for (int i = 0; i < 5; i++) {
                granted(ANNA);
                clock.advance(MINUTE);
            }
            redeploy(CodeApp.RULES);
            refused(ANNA, CodeLimit.NUMBER_HOUR, first.plus(HOUR));
            for (int i = 0; i < 15; i++) {
                granted("+7999500%04d".formatted(i));
            }
            redeploy(CodeApp.RULES);
            refused("+79995009999", CodeLimit.ADDRESS_HOUR, first.plus(HOUR));
        }

        @Test
        void a_challenge_goes_on_after_a_restart_too() {
            ChallengeSecret secret = app.challenge(ANNA);
            String code = app.sent.next().code();
            for (int i = 0; i < 4; i++) {
                app.refusal(secret, CodeApp.notThis(code));
            }
            redeploy(CodeApp.RULES);
            assertThat(app.refusal(secret, CodeApp.notThis(code))).isEqualTo(OneTimeCodes.Refusal.USED_UP);
        }

        @Test
        void is_exact_when_fifty_ask_for_one_number_at_the_same_time() throws Exception {
            List<CodeRequestResult> asked = CodesContract.atOnce(50, i -> app.ask(ANNA, "203.0.113." + i, null));
            assertThat(asked)
                    .filteredOn(CodeRequestResult.Challenged.class::isInstance)
                    .hasSize(1);
            app.queue.close();
            assertThat(app.sent.drain()).hasSize(1);
        }

        @Test
        void is_exact_when_fifty_numbers_are_asked_for_from_one_network_at_the_same_time() throws Exception {
            List<CodeRequestResult> asked = CodesContract.atOnce(50, i -> app.ask("+7999500%04d".formatted(i)));
            assertThat(asked)
                    .filteredOn(CodeRequestResult.Challenged.class::isInstance)
                    .hasSize(20);
        }

        @Test
        void never_exceeds_the_budget_when_fifty_ask_at_the_same_time() throws Exception {
            redeploy(budgets(100, 7, 100, 0));
            List<String> phones = java.util.stream.IntStream.range(600, 650)
                    .mapToObj(CodeLimitsContract.this::userElsewhere)
                    .toList();
            List<CodeRequestResult> asked =
                    CodesContract.atOnce(50, i -> app.ask(phones.get(i), "203.0.113." + i, null));
            assertThat(asked)
                    .filteredOn(CodeRequestResult.Challenged.class::isInstance)
                    .hasSize(7);
            app.queue.close();
            assertThat(app.sent.drain()).hasSize(7);
        }
    }

    @Nested
    class TheAuditTrail {

        @Test
        void gets_one_line_a_minute_for_a_stranger_at_a_limit() {
            granted(app.ask(ANNA, STRANGER, null));
            for (int i = 0; i < 100; i++) {
                app.ask(ANNA, STRANGER, null);
            }
            assertThat(hits()).containsExactly("resend");
            clock.advance(MINUTE);
            granted(app.ask(ANNA, STRANGER, null));
            app.ask(ANNA, STRANGER, null);
            app.ask(ANNA, STRANGER, null);
            assertThat(hits()).containsExactly("resend", "resend");
        }

        @Test
        void gets_one_line_a_minute_for_a_stranger_at_several_limits() {
            for (int i = 0; i < 20; i++) {
                granted(app.ask("+7999500%04d".formatted(i), STRANGER, null));
                assertThat(app.ask("+7999500%04d".formatted(i), STRANGER, null))
                        .isInstanceOf(CodeRequestResult.Limited.class);
            }
            for (int i = 0; i < 20; i++) {
                app.ask("+7999500%04d".formatted(i), STRANGER, null);
                app.ask(ANNA, STRANGER, null);
            }
            clock.advance(MINUTE.minus(Duration.ofSeconds(1)));
            app.ask(ANNA, STRANGER, null);
            assertThat(hits()).hasSize(1);
        }

        @Test
        void gets_one_line_for_many_requests_at_the_same_time() throws Exception {
            granted(app.ask(ANNA, STRANGER, null));
            CodesContract.atOnce(50, i -> app.ask(ANNA, STRANGER, null));
            assertThat(hits()).containsExactly("resend");
        }

        @Test
        void names_each_address_for_itself() {
            granted(ANNA);
            app.ask(ANNA);
            app.ask(ANNA, STRANGER, null);
            assertThat(old.all("SELECT address FROM auth_events WHERE kind = 'limit-hit' ORDER BY id"))
                    .containsExactly(CodeApp.HOME, STRANGER);
        }

        @Test
        void stays_small_whatever_a_botnet_does_and_says_how_many_were_left_out() {
            granted(ANNA);
            for (int i = 0; i < 500; i++) {
                app.ask(ANNA, "10.0." + i / 250 + "." + i % 250, null);
            }
            assertThat(hits()).hasSize(50).containsOnly("resend");
            clock.advance(Duration.ofMinutes(10));
            granted(app.ask(ANNA, STRANGER, null));
            app.ask(ANNA, STRANGER, null);
            assertThat(hits()).hasSize(52).endsWith("resend", "resend, further networks: 450");
        }

        @Test
        void stays_small_through_a_day_of_it() {
            for (int minute = 0; minute < 24 * 60; minute += 5) {
                granted("+7495%07d".formatted(minute));
                // The lines of the day are used up by then; more networks would only be counted.
                int networks = minute < 240 ? 60 : 5;
                for (int i = 0; i < networks; i++) {
                    app.ask("+7495%07d".formatted(minute), "10." + minute / 250 + "." + minute % 250 + "." + i, null);
                }
                clock.advance(Duration.ofMinutes(5));
            }
            app.codes.tellOfStrangers();
            assertThat(hits()).hasSizeLessThanOrEqualTo(2000 + 144 + 1);
        }

        @Test
        void stays_small_however_many_codes_of_numbers_that_are_nobody_s_are_tried() {
            for (int i = 0; i < 40; i++) {
                ChallengeSecret secret = CodeApp.challenged(app.ask("+7495%07d".formatted(i), "10.0.0." + i, null));
                for (int attempt = 0; attempt < 5; attempt++) {
                    app.attempt(secret, "00000" + attempt, "10.0.0." + i);
                }
            }
            app.codes.tellOfStrangers();
            List<@Nullable String> refused =
                    old.all("SELECT outcome FROM auth_events WHERE kind = 'code-refused' ORDER BY id");
            assertThat(refused).hasSize(52);
            assertThat(refused.subList(50, 52))
                    .containsExactlyInAnyOrder("wrong, further networks: 30", "used-up, further networks: 30");
        }

        private List<@Nullable String> hits() {
            return old.all("SELECT outcome FROM auth_events WHERE kind = 'limit-hit' ORDER BY id");
        }
    }
}
