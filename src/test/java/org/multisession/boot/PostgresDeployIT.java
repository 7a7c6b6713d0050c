package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.multisession.boot.DeployedApp.ANNA;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Answer;
import org.multisession.testing.PostgresApp;
import org.multisession.testing.RestartedServer;
import org.multisession.testing.SilentRelay;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** The WAR on a real Tomcat over a real PostgreSQL. */
class PostgresDeployIT {

    private static final String OLD_COOKIE = "old_token_xyz123";

    private PostgresApp old = PostgresApp.make("single");

    @AfterEach
    void close() {
        old.close();
    }

    private TomcatServer started(TomcatVersion version) {
        return TomcatServer.of(version)
                .app("/", old, "multisession.login.verification", "none")
                .start();
    }

    @ParameterizedTest
    @EnumSource
    void nobody_is_signed_out_from_the_first_deploy_to_the_undeploy_not_even_by_a_kill(TomcatVersion version) {
        String laptop;
        String phone;
        String tablet;
        try (TomcatServer tomcat = started(version)) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            assertThat(app.opens(OLD_COOKIE)).isEqualTo("200 legacy");
            laptop = app.signIn(ANNA);
            phone = app.signIn(ANNA);
            assertThat(Stream.of(OLD_COOKIE, laptop, phone).map(app::opens))
                    .allMatch(opened -> opened.equals("200 session"));

            Answer devices = app.http().get("sessions", "Cookie", "auth_token=" + phone);
            assertThat(devices.status()).isEqualTo(200);
            assertThat(devices.body().split("<li", -1)).as("three devices").hasSizeGreaterThan(3);
            Answer verified = app.http().get("verify", "Cookie", "auth_token=" + laptop);
            assertThat(verified.status()).isEqualTo(200);
            assertThat(verified.header("X-Auth-User-Id")).contains("42");
            assertThat(verified.header("X-Auth-Plan")).contains("pro");

            assertThat(app.signOut(phone).status()).isEqualTo(303);
            assertThat(app.opens(phone)).isEqualTo("401");
            assertThat(app.opens(laptop)).isEqualTo("200 session");
            assertThat(app.http().get("verify", "Cookie", "auth_token=" + phone).status())
                    .isEqualTo(401);

            assertThat(app.http().get("health").body()).contains("\"database\":\"up\",\"schema\":\"complete\"");
            assertThat(app.http().get("metrics").body())
                    .contains("multisession_serving 1.0", "multisession_pool_connections{pool=\"all\",state=\"idle\"}")
                    .doesNotContain("pool=\"writer\"", "pool=\"readers\"");
            assertThat(tomcat.log()).contains("Database: PostgreSQL 18.").doesNotContain("SQLite");

            tomcat.redeploy("/");
            assertThat(TomcatLog.of(tomcat.log()).ofDeployment("ROOT").says("nothing was changed"))
                    .isTrue();
            assertThat(app.opens(phone)).isEqualTo("401");
            tablet = app.signIn(ANNA);
            assertThat(app.signOut(laptop).status()).isEqualTo(303);
            tomcat.kill();
            assertThat(tomcat.log())
                    .doesNotContain(OLD_COOKIE, tablet, laptop, phone, "9991234567", "999) 123")
                    .doesNotContain("SEVERE");
        }
        try (TomcatServer tomcat = started(version)) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            assertThat(app.opens(tablet)).isEqualTo("200 session");
            assertThat(app.opens(OLD_COOKIE)).isEqualTo("200 session");
            assertThat(app.opens(laptop)).isEqualTo("401");
            tomcat.undeploy("/");
            assertThat(tomcat.log()).contains("Multi-Session has stopped").doesNotContain("memory leak");
        }
        assertThat(old.one("SELECT auth_token FROM users WHERE id = 42")).isEqualTo(tablet);
    }

    @Test
    void a_code_signs_in() {
        try (TomcatServer tomcat =
                TomcatServer.of(TomcatVersion.V11).app("/", old).start()) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            Answer asked = app.http().postJson("api/login", "{\"phone\":\"" + ANNA + "\"}");
            assertThat(asked.status()).isEqualTo(202);
            Matcher challenge = Pattern.compile("\"challenge\":\"([^\"]+)\"").matcher(asked.body());
            assertThat(challenge.find()).isTrue();
            tomcat.awaitLog("One-time code for the number");
            Matcher code = Pattern.compile("ends in 4567: ([0-9]{6})").matcher(tomcat.log());
            assertThat(code.find()).isTrue();
            Answer in = app.http()
                    .postJson(
                            "api/login/code",
                            "{\"challenge\":\"" + challenge.group(1) + "\",\"code\":\"" + code.group(1) + "\"}");
            assertThat(in.status()).isEqualTo(200);
            Matcher token = Pattern.compile("\"token\":\"([^\"]+)\"").matcher(in.body());
            assertThat(token.find()).isTrue();
            assertThat(app.opens(token.group(1))).isEqualTo("200 session");
        }
    }

    @Test
    void two_tomcats_that_start_at_once_migrate_once_and_share_every_sign_in_and_sign_out() {
        CompletableFuture<TomcatServer> starting = CompletableFuture.supplyAsync(() -> started(TomcatVersion.V11));
        try (TomcatServer ten = started(TomcatVersion.V10_1);
                TomcatServer eleven = starting.join()) {
            assertThat(Stream.of(ten, eleven)
                            .filter(tomcat -> tomcat.log().contains("Migration: done; it made"))
                            .count())
                    .isEqualTo(1);
            DeployedApp here = DeployedApp.on(ten, "/");
            DeployedApp there = DeployedApp.on(eleven, "/");
            String token = here.signIn(ANNA);
            assertThat(there.opens(token)).isEqualTo("200 session");
            assertThat(there.signOut(token).status()).isEqualTo(303);
            assertThat(here.opens(token)).isEqualTo("401");
            String other = there.signIn(ANNA);
            assertThat(here.signOut(other).status()).isEqualTo(303);
            assertThat(there.opens(other)).isEqualTo("401");
        }
    }

    @Test
    void while_the_server_is_away_requests_get_503_and_metrics_tell_and_afterwards_their_answers_again() {
        try (RestartedServer server = RestartedServer.with("single");
                TomcatServer tomcat = TomcatServer.of(TomcatVersion.V10_1)
                        .webapp(
                                "/",
                                TomcatServer.war(),
                                Map.of(
                                        "multisession.db.url",
                                        server.url(),
                                        "multisession.db.user",
                                        "postgres",
                                        "multisession.login.verification",
                                        "none"))
                        .start()) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            String in = app.signIn(ANNA);
            String out = app.signIn(ANNA);
            app.signOut(out);
            server.stop();
            Answer away = app.http().get("api/me", "Cookie", "auth_token=" + in);
            assertThat(away.status()).isEqualTo(503);
            assertThat(away.header("Retry-After")).isPresent();
            assertThat(app.http().get("health").body()).contains("\"database\":\"down\"");
            assertThat(app.http().get("health/live").status()).isEqualTo(200);
            // One that is lost says little; the first that cannot be opened says it.
            Instant end = Instant.now().plus(Duration.ofMinutes(1));
            while (!app.http().get("metrics").body().contains("multisession_serving 0.0")) {
                assertThat(Instant.now()).isBefore(end);
            }
            assertThat(app.http().get("metrics").body()).contains("multisession_database_busy_total 0.0");
            server.start();
            // Whatever was refused meanwhile, nothing has been answered wrongly.
            assertThat(app.answersUntilGood(in)).isSubsetOf("503", "200 session");
            assertThat(app.http().get("metrics").body()).contains("multisession_serving 1.0");
            assertThat(app.opens(out)).isEqualTo("401");
            assertThat(app.opens(app.signIn(ANNA))).isEqualTo("200 session");
        }
    }

    @Test
    void while_the_network_to_the_server_is_silent_requests_get_503_and_afterwards_their_answers_again() {
        try (SilentRelay relay = SilentRelay.to(PostgresApp.port());
                TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                        .app(
                                "/",
                                old,
                                "multisession.login.verification",
                                "none",
                                "multisession.db.url",
                                relay.in(old.url()))
                        .start()) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            String in = app.signIn(ANNA);
            String out = app.signIn(ANNA);
            app.signOut(out);
            relay.fallSilent();
            // The client gives up after thirty seconds.
            for (int i = 0; i < 3; i++) {
                Answer away = app.http().get("api/me", "Cookie", "auth_token=" + in);
                assertThat(away.status()).isEqualTo(503);
                assertThat(away.header("Retry-After")).isPresent();
            }
            assertThat(app.http().postForm("login", Map.of("phone", ANNA)).status())
                    .isEqualTo(503);
            assertThat(app.http().get("health").body()).contains("\"database\":\"down\"");
            relay.speak();
            assertThat(app.answersUntilGood(in)).isSubsetOf("503", "200 session");
            assertThat(app.opens(out)).isEqualTo("401");
            assertThat(app.opens(app.signIn(ANNA))).isEqualTo("200 session");
        }
    }

    @Test
    void connections_that_are_cut_again_and_again_never_cause_a_wrong_answer() {
        try (TomcatServer tomcat = started(TomcatVersion.V11);
                PostgresApp admin = old.another()) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            String in = app.signIn(ANNA);
            String out = app.signIn(ANNA);
            app.signOut(out);
            Set<String> ofIn = new ConcurrentSkipListSet<>();
            Set<String> ofOut = new ConcurrentSkipListSet<>();
            AtomicInteger answers = new AtomicInteger();
            List<CompletableFuture<Void>> callers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                callers.add(CompletableFuture.runAsync(() -> {
                    while (answers.getAndAdd(2) < 400) {
                        ofIn.add(app.opens(in));
                        ofOut.add(app.opens(out));
                    }
                }));
            }
            // After every twentieth answer, so that there is time for some in between.
            for (int cut = 0; cut < 400; cut += 20) {
                while (answers.get() < cut) {
                    Thread.onSpinWait();
                }
                admin.cutOthers();
            }
            CompletableFuture.allOf(callers.toArray(CompletableFuture[]::new)).join();
            assertThat(ofIn).isSubsetOf("200 session", "503");
            assertThat(ofOut).isSubsetOf("401", "503");
            assertThat(app.answersUntilGood(in)).contains("200 session");
            assertThat(app.opens(app.signIn(ANNA))).isEqualTo("200 session");
        }
    }

    @Test
    void a_wrong_password_fails_the_deploy_with_the_reason_as_its_first_error_and_without_the_password() {
        old.run("DROP ROLE IF EXISTS locked_out; CREATE ROLE locked_out LOGIN PASSWORD 'right'");
        PostgresApp.requirePasswordOf("locked_out");
        try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V10_1)
                .app("/", old, "multisession.db.user", "locked_out", "multisession.db.password", "s3cret")
                .start()) {
            assertThat(tomcat.isDeployed("/")).isFalse();
            assertThat(tomcat.log())
                    .contains("Multi-Session did not start, and the old app goes on as before: " + old.url()
                            + ": the server does not let this account in (password authentication failed for user"
                            + " \"locked_out\"). Check multisession.db.user")
                    .doesNotContain("s3cret");
        }
    }
}
