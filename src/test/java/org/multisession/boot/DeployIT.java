package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.multisession.boot.DeployedApp.ANNA;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Answer;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** The WAR on a real Tomcat over a real database, from the first deploy to the undeploy. */
class DeployIT {

    private static final String OLD_COOKIE = "old_token_xyz123";

    private static final int REDEPLOYS = Integer.getInteger("faults.redeploys", 5);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void nobody_is_signed_out_from_the_first_deploy_to_the_undeploy_not_even_by_a_kill(TomcatVersion version) {
        Path file = made("single");
        String journal = journalBytes(file);
        String tablet;
        String laptop;
        String phone;
        try (TomcatServer tomcat = started(version, file)) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            assertThat(app.opens(OLD_COOKIE)).isEqualTo("200 legacy");

            laptop = app.signIn(ANNA);
            phone = app.signIn(ANNA);
            assertThat(Stream.of(OLD_COOKIE, laptop, phone).map(app::opens)).allMatch(opened -> opened.contains("200"));

            Answer goodbye = app.signOut(phone);
            assertThat(goodbye.status()).isEqualTo(303);
            // Tomcat 11 no longer sends a Max-Age of nothing, only a time in the past.
            assertThat(goodbye.header("Set-Cookie").orElseThrow())
                    .matches("auth_token=;.*(Max-Age=0|Expires=.* 1970 ).*");
            assertThat(app.opens(phone)).isEqualTo("401");
            assertThat(app.opens(laptop)).isEqualTo("200 session");
            assertThat(app.opens(OLD_COOKIE)).isEqualTo("200 session");

            tomcat.redeploy("/");
            assertThat(app.opens(phone)).isEqualTo("401");
            assertThat(app.opens(laptop)).isEqualTo("200 session");
            assertThat(app.opens(OLD_COOKIE)).isEqualTo("200 session");
            assertThat(TomcatLog.of(tomcat.log()).ofDeployment("ROOT").says("nothing was changed"))
                    .isTrue();

            tablet = app.signIn(ANNA);
            assertThat(app.signOut(laptop).status()).isEqualTo(303);
            tomcat.kill();
            assertThat(tomcat.log()).doesNotContain(OLD_COOKIE, tablet, laptop, phone, "9991234567", "999) 123");
        }

        try (TomcatServer tomcat = started(version, file)) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            assertThat(app.opens(tablet)).isEqualTo("200 session");
            assertThat(app.opens(OLD_COOKIE)).isEqualTo("200 session");
            assertThat(app.opens(laptop)).isEqualTo("401");
            assertThat(app.opens(phone)).isEqualTo("401");

            tomcat.undeploy("/");
            assertThat(files()).first().isEqualTo("old-app.db");
            assertThat(files().subList(1, files().size()))
                    .singleElement()
                    .asString()
                    .matches(BACKUP);
            assertThat(journalBytes(file)).isEqualTo(journal);
        }

        try (SqliteApp oldApp = SqliteApp.open(file)) {
            // The old app lets in whom it finds by users.auth_token: the last device that signed in.
            assertThat(oldApp.legacyTokenOf(42)).isEqualTo(tablet);
            oldApp.signInSingle(43, "given-by-the-old-app");
            assertThat(oldApp.one("SELECT id FROM users WHERE auth_token = 'given-by-the-old-app'"))
                    .isEqualTo("43");
            assertThat(oldApp.addUser("+79990000000", "another-one")).isEqualTo(50);
            assertThat(oldApp.one("PRAGMA integrity_check")).isEqualTo("ok");
        }
    }

    @Test
    void two_tomcats_that_start_at_once_on_one_database_migrate_it_once_and_share_every_sign_in_and_sign_out() {
        Path file = made("multi");
        CompletableFuture<TomcatServer> starting =
                CompletableFuture.supplyAsync(() -> started(TomcatVersion.V11, file));
        try (TomcatServer ten = started(TomcatVersion.V10_1, file);
                TomcatServer eleven = starting.join()) {
            long migrations = Stream.of(ten, eleven)
                    .filter(tomcat -> tomcat.log().contains("Migration: committed"))
                    .count();
            assertThat(migrations).isEqualTo(1);
            DeployedApp here = DeployedApp.on(ten, "/");
            DeployedApp there = DeployedApp.on(eleven, "/");

            String token = here.signIn(ANNA);
            assertThat(there.opens(token)).isEqualTo("200 session");
            assertThat(there.signOut(token).status()).isEqualTo(303);
            assertThat(here.opens(token)).isEqualTo("401");

            String other = there.signIn(ANNA);
            assertThat(here.opens(other)).isEqualTo("200 session");
            assertThat(here.signOut(other).status()).isEqualTo(303);
            assertThat(there.opens(other)).isEqualTo("401");
        }
        assertThat(files()).first().isEqualTo("old-app.db");
        assertThat(files().subList(1, files().size()))
                .singleElement()
                .asString()
                .matches(BACKUP);
    }

    @ParameterizedTest
    @EnumSource
    void nobody_is_signed_out_by_settling_and_going_back_and_no_token_is_left_meanwhile(TomcatVersion version) {
        Path file = made("multi");
        try (SqliteApp oldApp = SqliteApp.open(file);
                TomcatServer tomcat = TomcatServer.of(version).start()) {
            deploy(tomcat, file, "coexist");
            DeployedApp app = DeployedApp.on(tomcat, "/app");
            String phone = app.signIn(ANNA);
            tomcat.undeploy("/app");

            deploy(tomcat, file, "settle");
            // In the background; whoever comes meanwhile is let in by either form.
            int requests = 0;
            while (!oldApp.all("SELECT 1 FROM user_sessions WHERE auth_token NOT LIKE 'sha256:%'")
                    .isEmpty()) {
                assertThat(app.opens(phone)).isEqualTo("200 session");
                assertThat(requests++).as("tokens are still there").isLessThan(10_000);
            }
            assertThat(oldApp.all("SELECT 1 FROM multisession_tokens WHERE auth_token NOT LIKE 'sha256:%'"))
                    .isEmpty();
            assertThat(app.opens(phone)).isEqualTo("200 session");
            assertThat(app.opens(oldApp.one("SELECT auth_token FROM user_sessions WHERE user_id = 44")))
                    .as("a hash as a token")
                    .isEqualTo("401");
            String laptop = app.signIn(ANNA);
            assertThat(oldApp.legacyTokenOf(42)).as("no mirror").isEqualTo(phone);
            tomcat.undeploy("/app");

            deploy(tomcat, file, "coexist");
            assertThat(app.opens(phone)).isEqualTo("200 session");
            assertThat(app.opens(laptop)).isEqualTo("200 session");
            assertThat(app.signOut(phone).status()).isEqualTo(303);
            assertThat(app.opens(phone)).isEqualTo("401");
        }
    }

    private static void deploy(TomcatServer tomcat, Path file, String stage) {
        tomcat.deploy(
                "/app",
                TomcatServer.war(),
                Map.of(
                        "multisession.db.url",
                        file.toString(),
                        "multisession.login.verification",
                        "none",
                        "multisession.stage",
                        stage));
    }

    @Test
    void the_old_app_and_the_new_one_write_at_the_same_time_and_neither_finds_the_database_locked() {
        Path file = made("multi");
        try (OldAppAtWork oldApp = OldAppAtWork.on(file);
                TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11).start()) {
            oldApp.awaitMoreWork();
            tomcat.deploy(
                    "/app",
                    TomcatServer.war(),
                    Map.of("multisession.db.url", file.toString(), "multisession.login.verification", "none"));
            oldApp.awaitMoreWork();

            DeployedApp app = DeployedApp.on(tomcat, "/app");
            String kept = app.signIn(ANNA);
            for (int i = 0; i < 20; i++) {
                String token = app.signIn(ANNA);
                assertThat(app.opens(token)).isEqualTo("200 session");
                assertThat(app.signOut(token).status()).isEqualTo(303);
                assertThat(app.opens(token)).isEqualTo("401");
            }
            assertThat(app.opens(kept)).isEqualTo("200 session");
            // The old app's own sign-ins open their account here while it goes on.
            assertThat(app.opens(oldApp.signedIn(), 43)).isEqualTo("200 session");
            oldApp.awaitMoreWork();

            tomcat.undeploy("/app");
            oldApp.awaitMoreWork();
            assertThat(tomcat.log()).doesNotContainIgnoringCase("locked").doesNotContainIgnoringCase("busy");
        }
        assertThat(files()).first().isEqualTo("old-app.db");
        assertThat(files().subList(1, files().size()))
                .singleElement()
                .asString()
                .matches(BACKUP);
    }

    @Test
    @Tag("faults")
    void redeploys_leave_no_thread_no_driver_no_class_loader_and_no_temporary_file_behind() {
        Path file = made("single");
        try (TomcatServer tomcat = started(TomcatVersion.V11, file)) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            Jvm jvm = new Jvm(tomcat.pid());
            String token = app.signIn(ANNA);
            List<String> threads = lasting(jvm);
            for (int i = 0; i < REDEPLOYS; i++) {
                tomcat.redeploy("/");
                assertThat(app.opens(token)).isEqualTo("200 session");
            }
            assertThat(lasting(jvm)).isEqualTo(threads);
            assertThat(filesIn(tomcat.base().resolve("temp"))).isEmpty();

            tomcat.undeploy("/");
            assertThat(ours(jvm)).isEmpty();
            // One or two are still there, however often it was redeployed; a leak would keep one of each redeploy.
            assertThat(jvm.instancesAfterGc("org.apache.catalina.loader.ParallelWebappClassLoader"))
                    .isLessThanOrEqualTo(2);
            assertThat(tomcat.log())
                    .doesNotContain("appears to have started a thread")
                    .doesNotContain("failed to unregister")
                    .doesNotContain("ThreadLocal")
                    .doesNotContain("memory leak")
                    .doesNotContain("SEVERE");
            System.out.printf(
                    "Redeployed: %d times on one Tomcat; %d threads of ours before and after, no temporary file, no leak"
                            + " in Tomcat's log%n",
                    REDEPLOYS, threads.size());
        }
    }

    /** The same without those on which a pool opens and closes connections now and then. */
    private static List<String> lasting(Jvm jvm) {
        return ours(jvm).stream().filter(name -> !name.contains(":connection-")).toList();
    }

    /** The names of the threads that can only be ours. */
    private static List<String> ours(Jvm jvm) {
        return jvm.threads().stream()
                .filter(name -> name.contains("multi-session") || name.contains("Hikari"))
                .sorted()
                .toList();
    }

    @Test
    void a_system_property_wins_over_the_environment_and_that_over_a_context_parameter_and_the_log_says_so() {
        Path file = made("single");
        Map<String, String> parameters = Map.of(
                "multisession.db.url", "jdbc:sqlite:" + file,
                "multisession.login.verification", "none",
                "multisession.cookie.name", "by_parameter",
                "multisession.cookie.same-site", "Lax",
                "multisession.cookie.max-age", "PT3H");
        try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V10_1)
                .webapp("/", TomcatServer.war(), parameters)
                .systemProperty("multisession.cookie.name", "by_property")
                .environment("MULTISESSION_COOKIE_NAME", "by_environment")
                .environment("MULTISESSION_COOKIE_SAME_SITE", "Strict")
                .start()) {
            Answer answer = DeployedApp.on(tomcat, "/").http().postForm("login", Map.of("phone", ANNA));

            assertThat(answer.header("Set-Cookie").orElseThrow())
                    .startsWith("by_property=")
                    .contains("SameSite=Strict")
                    .contains("Max-Age=10800");
            assertThat(tomcat.log())
                    .contains("multisession.db.url = jdbc:sqlite:" + file + " (context parameter)")
                    .contains("multisession.cookie.name = by_property (system property)")
                    .contains("multisession.cookie.same-site = Strict"
                            + " (environment variable MULTISESSION_COOKIE_SAME_SITE)")
                    .contains("multisession.cookie.max-age = PT3H (context parameter)")
                    .contains("multisession.session.idle-timeout = P30D (default)")
                    .contains("multisession.login.verification = none: anyone who knows a phone number")
                    .doesNotContain("verification = code proves nothing");
        }
    }

    @Test
    void without_any_setting_a_new_database_of_one_s_own_is_made_and_open_registration_lets_the_first_user_in()
            throws IOException {
        Map<String, String> parameters =
                Map.of("multisession.login.registration", "open", "multisession.login.verification", "none");
        try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                .webapp("/", TomcatServer.war(), parameters)
                .start()) {
            Path file = tomcat.base().resolve("multi-session/multi-session.db");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            assertThat(journalBytes(file)).isEqualTo("2 2");

            DeployedApp app = DeployedApp.on(tomcat, "/");
            String token = app.signIn("+7 999 000-00-01");
            assertThat(app.opens(token, 1)).isEqualTo("200 session");
            // The files beside it hold the same secrets.
            for (Path beside : filesIn(file.resolveSibling(""))) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(beside)))
                        .as(beside.getFileName().toString())
                        .isEqualTo("rw-------");
            }
            tomcat.undeploy("/");
            assertThat(filesIn(file.resolveSibling(""))).containsExactly(file);
        }
    }

    private Path made(String script) {
        try (SqliteApp database = SqliteApp.make(folder, script)) {
            return database.path();
        }
    }

    private static TomcatServer started(TomcatVersion version, Path file) {
        return TomcatServer.of(version)
                .webapp(
                        "/",
                        TomcatServer.war(),
                        Map.of("multisession.db.url", file.toString(), "multisession.login.verification", "none"))
                .start();
    }

    private static String journalBytes(Path file) {
        byte[] header = new byte[20];
        try (var in = Files.newInputStream(file)) {
            assertThat(in.readNBytes(header, 0, 20)).isEqualTo(20);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return header[18] + " " + header[19];
    }

    /** Made before the first migration, and by no later deploy. */
    private static final String BACKUP = "old-app\\.db\\.backup-\\d{8}-\\d{6}Z(-2)?\\.db";

    private List<String> files() {
        return filesIn(folder).stream()
                .map(file -> file.getFileName().toString())
                .toList();
    }

    private static List<Path> filesIn(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
