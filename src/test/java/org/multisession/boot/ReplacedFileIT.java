package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.multisession.boot.DeployedApp.ANNA;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.multisession.testing.Answer;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * Another file is put in the place of the database while Tomcat serves it, as a restore or a deploy script does: nothing
 * is answered from the old one any more, and the application goes on with the new one when that has been checked as at
 * a deploy.
 */
class ReplacedFileIT {

    private static final String BORIS = "8 (999) 123-45-68";
    private static final String OLD_COOKIE = "old_token_xyz123";
    private static final int CLIENTS = 4;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path folder;

    private Path file() {
        return folder.resolve("old-app.db");
    }

    private void putInPlace(Path other) throws IOException {
        Files.move(other, file(), StandardCopyOption.ATOMIC_MOVE);
    }

    private void deleteLog() throws IOException {
        Files.deleteIfExists(Path.of(file() + "-wal"));
        Files.deleteIfExists(Path.of(file() + "-shm"));
    }

    @ParameterizedTest
    @CsvSource({"wal, V11", "delete, V10_1"})
    void no_answer_comes_from_a_file_that_was_replaced_and_the_next_one_is_served_as_after_a_deploy(
            String mode, TomcatVersion version) throws IOException {
        try (SqliteApp database = SqliteApp.make(folder, "single")) {
            database.all("PRAGMA journal_mode=" + mode);
        }
        Path pristine = Files.copy(file(), folder.resolve("pristine.db"));
        try (TomcatServer tomcat = TomcatServer.of(version)
                .webapp(
                        "/",
                        TomcatServer.war(),
                        Map.of("multisession.db.url", file().toString(), "multisession.login.verification", "none"))
                .start()) {
            DeployedApp app = DeployedApp.on(tomcat, "/");
            String kept = app.signIn(ANNA);
            String signedOut = app.signIn(ANNA);
            String ofADeletedUser = app.signIn(BORIS);
            Path next = withoutThem(mode, signedOut, ofADeletedUser);

            ClientFactory clients = new ClientFactory(app, signedOut, ofADeletedUser, kept);
            putInPlace(next);
            clients.replaced.set(true);
            assertThat(app.http().get("health").status()).isEqualTo(503);
            if (mode.equals("wal")) {
                // The log of the old file lies beside the new one; whoever opens that would damage it.
                tomcat.awaitLog(file() + "-wal and -shm still belong to the previous file");
                Answer health = app.http().get("health");
                assertThat(health.status()).isEqualTo(503);
                assertThat(health.body()).contains("\"database\":\"replaced\"");
                assertThat(List.of(app.opens(kept), app.opens(signedOut))).containsOnly("503");
                deleteLog();
            }
            awaitUp(app);
            assertThat(app.opens(kept)).isEqualTo("200 session");
            assertThat(app.opens(signedOut)).isEqualTo("401");
            assertThat(app.opens(ofADeletedUser, 43)).isEqualTo("401");
            String after = app.signIn(ANNA);
            assertThat(app.opens(after)).isEqualTo("200 session");
            assertThat(app.signOut(kept).status()).isEqualTo(303);
            assertThat(app.opens(kept)).isEqualTo("401");
            clients.stop();
            assertThat(clients.wrong).isEmpty();
            assertThat(clients.answers.get()).isGreaterThan(CLIENTS);
            try (SqliteApp database = SqliteApp.open(file())) {
                assertThat(database.one("PRAGMA integrity_check")).isEqualTo("ok");
                assertThat(database.legacyTokenOf(42)).isEqualTo(after);
            }

            // A backup from before the first deploy lacks all of our tables.
            deleteLog();
            putInPlace(pristine);
            assertThat(app.http().get("health").status()).isEqualTo(503);
            awaitUp(app);
            assertThat(app.opens(OLD_COOKIE)).isEqualTo("200 legacy");
            assertThat(app.opens(after)).isEqualTo("401");

            Files.delete(file());
            assertThat(app.opens(OLD_COOKIE)).isEqualTo("503");
            tomcat.awaitLog("the file in its place cannot be served: there is no file");
            assertThat(app.http().get("api/openapi.json").status()).isEqualTo(200);
            assertThat(file()).doesNotExist();

            TomcatLog log = TomcatLog.of(tomcat.log());
            assertThat(log.stackTraces()).isEmpty();
            // Said once each, not for each of the requests that were refused.
            assertThat(tomcat.log().split("every request is answered with 503 until the file that is there now", -1))
                    .hasSize(4);
        }
    }

    /** A copy in which one session has been ended and one user is gone. */
    private Path withoutThem(String mode, String signedOut, String ofADeletedUser) {
        Path next = folder.resolve("next.db");
        try (SqliteApp database = SqliteApp.open(file())) {
            database.run("VACUUM INTO '" + next + "'");
        }
        try (SqliteApp copy = SqliteApp.open(next)) {
            copy.all("PRAGMA journal_mode=" + mode);
            copy.signOut(signedOut);
            copy.signOut(ofADeletedUser);
            copy.deleteUser(43);
        }
        return next;
    }

    private static void awaitUp(DeployedApp app) {
        Instant end = Instant.now().plus(PATIENCE);
        while (app.http().get("health").status() != 200) {
            assertThat(Instant.now()).isBefore(end);
        }
    }

    /** Clients that ask all the time, some by tokens that the new file does not know. */
    private static final class ClientFactory {
        private final AtomicBoolean replaced = new AtomicBoolean();
        private final AtomicBoolean stopped = new AtomicBoolean();
        private final AtomicInteger answers = new AtomicInteger();
        private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
        private final List<CompletableFuture<Void>> all = new ArrayList<>();

        ClientFactory(DeployedApp app, String signedOut, String ofADeletedUser, String kept) {
            for (int i = 0; i < CLIENTS; i++) {
                boolean first = i % 2 == 0;
                all.add(CompletableFuture.runAsync(() -> {
                    while (!stopped.get()) {
                        boolean asked = replaced.get();
                        String opened = first ? app.opens(signedOut) : app.opens(ofADeletedUser, 43);
                        answers.incrementAndGet();
                        if ((asked && opened.startsWith("200")) || opened.equals("500")) {
                            wrong.add(opened);
                        }
                        String ofKept = app.opens(kept);
                        if (ofKept.equals("500")) {
                            wrong.add(ofKept);
                        }
                    }
                }));
            }
        }

        void stop() {
            stopped.set(true);
            all.forEach(CompletableFuture::join);
        }
    }
}
