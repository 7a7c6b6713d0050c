package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** Everybody comes at once to an application that has just been deployed. */
class FirstViewsIT {

    private static final String COOKIE = "auth_token=old_token_xyz123";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void the_first_views_of_all_pages_at_once_are_all_answered_and_tomcat_has_nothing_to_compile(TomcatVersion version)
            throws IOException {
        try (SqliteApp database = SqliteApp.make(folder, "single");
                TomcatServer tomcat =
                        TomcatServer.of(version).app("/", database).start()) {
            List<String> pages = List.of("login", "", "sessions", "logout", "nowhere", "login", "sessions", "");
            CyclicBarrier together = new CyclicBarrier(pages.size());
            ExecutorService people = Executors.newFixedThreadPool(pages.size());
            try {
                List<CompletableFuture<Answer>> views = pages.stream()
                        .map(page -> CompletableFuture.supplyAsync(() -> view(tomcat, page, together), people))
                        .toList();

                assertThat(views.stream().map(CompletableFuture::join).map(Answer::status))
                        .containsExactly(200, 200, 200, 200, 404, 200, 200, 200);
            } finally {
                people.shutdown();
            }
            try (Stream<Path> compiled = Files.walk(tomcat.base().resolve("work"))) {
                assertThat(compiled.filter(file -> file.toString().matches(".*\\.(java|class)")))
                        .isEmpty();
            }
            assertThat(tomcat.log()).doesNotContain("SEVERE", "Exception");
        }
    }

    private static Answer view(TomcatServer tomcat, String page, CyclicBarrier together) {
        Http http = Http.to(tomcat.uri("/"));
        try {
            together.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException(e);
        }
        return http.get(page, "Accept", "text/html", "Cookie", COOKIE);
    }
}
