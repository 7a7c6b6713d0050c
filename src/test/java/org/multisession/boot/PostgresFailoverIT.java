package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.multisession.boot.DeployedApp.ANNA;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.multisession.testing.Answer;
import org.multisession.testing.InstalledPostgres;
import org.multisession.testing.PostgresPair;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** The WAR on a primary that is killed at work, and on the standby that takes its place. */
class PostgresFailoverIT {

    private static final String OURS = "auth_token=";
    private static final int CALLERS = 4;

    @BeforeAll
    static void require() {
        InstalledPostgres.require();
    }

    /** What callers were answered. */
    private static final class Seen {

        final Set<String> ofLive = new ConcurrentSkipListSet<>();
        final Set<String> ofEnded = new ConcurrentSkipListSet<>();
        final Set<Integer> ofSignIns = new ConcurrentSkipListSet<>();
        final Set<Integer> ofSignOuts = new ConcurrentSkipListSet<>();
        final Queue<String> signedIn = new ConcurrentLinkedQueue<>();
        final Queue<String> signedOut = new ConcurrentLinkedQueue<>();
        final AtomicInteger rounds = new AtomicInteger();
        final AtomicInteger refused = new AtomicInteger();

        void round(DeployedApp app, String live, String ended) {
            String answer = app.opens(live);
            ofLive.add(answer);
            ofEnded.add(app.opens(ended));
            Answer in = app.http().postForm("login", Map.of("phone", ANNA));
            ofSignIns.add(in.status());
            if (in.status() == 303) {
                String cookie = in.header("Set-Cookie").orElseThrow();
                String token = cookie.substring(OURS.length(), cookie.indexOf(';'));
                ofLive.add(app.opens(token));
                Answer out = rounds.get() % 2 == 0 ? null : app.signOut(token);
                if (out == null) {
                    signedIn.add(token);
                } else {
                    ofSignOuts.add(out.status());
                    if (out.status() == 303) {
                        signedOut.add(token);
                    }
                }
            }
            if (answer.equals("503") || in.status() == 503) {
                refused.incrementAndGet();
            }
            rounds.incrementAndGet();
        }
    }

    @Test
    void a_primary_that_is_killed_at_work_is_followed_by_its_standby_and_nothing_acknowledged_is_lost() {
        try (PostgresPair pair = PostgresPair.with("single");
                TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                        .webapp(
                                "/",
                                TomcatServer.war(),
                                Map.of(
                                        "multisession.db.url",
                                        pair.url(),
                                        "multisession.db.user",
                                        "postgres",
                                        "multisession.login.verification",
                                        "none",
                                        "multisession.session.max-per-user",
                                        "10000"))
                        .start()) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            String live = app.signIn(ANNA);
            String ended = app.signIn(ANNA);
            assertThat(app.signOut(ended).status()).isEqualTo(303);

            Seen seen = new Seen();
            AtomicBoolean isOver = new AtomicBoolean();
            List<CompletableFuture<Void>> callers = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                callers.add(CompletableFuture.runAsync(() -> {
                    while (!isOver.get()) {
                        seen.round(app, live, ended);
                    }
                }));
            }
            await(seen.rounds, 20, callers);
            pair.killPrimary();
            await(seen.refused, CALLERS, callers);
            Answer away = app.http().get("api/me", "Cookie", OURS + live);
            assertThat(away.status()).isEqualTo(503);
            assertThat(away.header("Retry-After")).isPresent();
            int signedIn = seen.signedIn.size() + seen.signedOut.size();

            pair.promote();
            Instant patience = Instant.now().plusSeconds(120);
            while (!app.opens(live).equals("200 session") && Instant.now().isBefore(patience)) {
                callers.stream().filter(CompletableFuture::isDone).forEach(CompletableFuture::join);
            }
            await(seen.rounds, seen.rounds.get() + 3 * CALLERS, callers);
            isOver.set(true);
            CompletableFuture.allOf(callers.toArray(CompletableFuture[]::new)).join();

            assertThat(seen.ofLive).containsExactly("200 session", "503");
            assertThat(seen.ofEnded).containsExactly("401", "503");
            assertThat(seen.ofSignIns).containsExactly(303, 503);
            assertThat(seen.ofSignOuts).isSubsetOf(303, 503).contains(303);
            assertThat(seen.signedIn.size() + seen.signedOut.size())
                    .as("sign-ins after the standby took over")
                    .isGreaterThan(signedIn);
            assertThat(seen.signedIn.stream().map(app::opens)).containsOnly("200 session");
            assertThat(seen.signedOut.stream().map(app::opens)).containsOnly("401");
            assertThat(app.opens("old_token_xyz123")).isEqualTo("200 session");
            assertThat(pair.onStandby("SELECT count(*) FROM user_sessions WHERE user_id IS DISTINCT FROM 42"))
                    .isEqualTo("0");
        }
    }

    /** A caller that fails ends the wait. */
    private static void await(AtomicInteger counter, int least, List<CompletableFuture<Void>> callers) {
        while (counter.get() < least) {
            callers.stream().filter(CompletableFuture::isDone).forEach(CompletableFuture::join);
            Thread.onSpinWait();
        }
    }
}
