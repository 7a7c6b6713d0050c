package org.multisession.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.multisession.db.SqlTime;
import org.multisession.otp.CodeTables;
import org.multisession.session.LegacyUseDao;
import org.multisession.testing.CodeApp;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestClock;

/** What no longer counts leaves, whichever way the clock went. */
class PruningTest {

    private static final String ANNA = "+79991234567";
    private static final String NOBODY = "+79995550000";
    private static final Duration TWELVE_YEARS = Duration.ofDays(4383);
    private static final Duration AUDIT_KEEP = Duration.ofDays(90);

    private static final List<String> TABLES = List.of(
            "multisession_challenges",
            "multisession_stranger_challenges",
            "multisession_code_requests",
            "multisession_stranger_requests",
            "multisession_known_browsers",
            "multisession_legacy_uses",
            "auth_events");

    private final TestClock clock = new TestClock();
    private final MemoryFolder folder = new MemoryFolder();
    private SqliteApp old;
    private CodeApp app;
    private Pruning pruning;

    @BeforeEach
    void deploy() {
        old = SqliteApp.make(folder.path(), "single");
        app = CodeApp.deploy(old.claim(), CodeApp.RULES, clock);
        pruning = new Pruning(
                app.app.database,
                new CodeTables(),
                new AuthEventDao(),
                new LegacyUseDao(),
                AUDIT_KEEP,
                app.app.watch,
                clock);
    }

    @AfterEach
    void undeploy() {
        app.close();
        old.close();
        folder.close();
    }

    /** Leaves a row in every table. */
    private void somethingEverywhere() {
        app.app.opens("AtCDWfdU-2s6_PkW53hKKkHrgZb1xD1kfjaK6wrUdZc");
        app.app.lastSeen.flush();
        app.signIn(ANNA);
        app.challenge(ANNA);
        app.sent.next();
        app.challenge(NOBODY);
    }

    private List<String> filled() {
        return TABLES.stream()
                .filter(table -> !"0".equals(old.one("SELECT count(*) FROM " + table)))
                .toList();
    }

    @Test
    void of_a_clock_that_was_ahead_only_the_trail_stays() {
        clock.jump(TWELVE_YEARS);
        somethingEverywhere();
        clock.jump(TWELVE_YEARS.negated());
        assertThat(filled()).isEqualTo(TABLES);
        pruning.run();
        assertThat(filled()).containsExactly("auth_events");
    }

    @Test
    void nothing_stays_for_ever_because_a_clock_was_ahead() {
        clock.jump(TWELVE_YEARS);
        somethingEverywhere();
        clock.jump(TWELVE_YEARS.negated());
        somethingEverywhere();
        String ahead = old.one("SELECT count(*) FROM auth_events WHERE occurred_at > '2030'");
        clock.advance(AUDIT_KEEP.minusDays(1));
        pruning.run();
        assertThat(old.one("SELECT count(*) FROM auth_events WHERE occurred_at > '2030'"))
                .isEqualTo(ahead);
        clock.advance(Duration.ofDays(2));
        pruning.run();
        assertThat(filled()).doesNotContain("auth_events", "multisession_legacy_uses");
    }

    @Test
    void the_first_use_of_a_legacy_token_is_not_in_the_future() {
        clock.jump(TWELVE_YEARS);
        somethingEverywhere();
        clock.jump(TWELVE_YEARS.negated());
        somethingEverywhere();
        assertThat(old.one("SELECT first_used_at FROM multisession_legacy_uses"))
                .isEqualTo(old.one("SELECT last_used_at FROM multisession_legacy_uses"))
                .isEqualTo(SqlTime.format(clock.instant()));
    }

    @Test
    void nothing_goes_by_a_clock_that_is_in_doubt_behind_or_ahead() {
        somethingEverywhere();
        String before = old.dump();
        for (Duration jump : List.of(TWELVE_YEARS, TWELVE_YEARS.negated(), TWELVE_YEARS.negated(), TWELVE_YEARS)) {
            clock.jump(jump);
            pruning.run();
            assertThat(old.dump()).isEqualTo(before);
        }
    }
}
