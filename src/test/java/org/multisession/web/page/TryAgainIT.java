package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** While another program holds the database, every page has a way to try again, and nothing typed is lost. */
class TryAgainIT {

    private static final String HTML = "text/html";
    private static final String OLD_COOKIE = "auth_token=old_token_xyz123";

    @TempDir
    private static Path folder;

    @SuppressWarnings("NullAway.Init")
    private static SqliteApp database;

    @SuppressWarnings("NullAway.Init")
    private static TomcatServer tomcat;

    @SuppressWarnings("NullAway.Init")
    private static Http http;

    @BeforeAll
    static void start() {
        database = SqliteApp.make(folder, "single");
        tomcat = TomcatServer.of(TomcatVersion.V10_1).app("/", database).start();
        http = Http.to(tomcat.uri("/"));
    }

    @AfterAll
    static void stop() {
        tomcat.close();
        database.close();
    }

    @Test
    void a_page_leads_to_itself_and_a_button_to_the_page_that_it_stands_on() {
        database.run("BEGIN EXCLUSIVE");
        try {
            assertTriesAgainAt("/sessions?page=2", http.get("sessions?page=2", "Accept", HTML, "Cookie", OLD_COOKIE));
            String own = tomcat.uri("/sessions?page=3").toString();
            assertTriesAgainAt("/sessions?page=3", revoke("Referer", own));
            assertTriesAgainAt("/", revoke("Referer", "https://evil.example/sessions"));
            assertTriesAgainAt("/", revoke("Referer", "http://127.0.0.1//evil.example/"));
        } finally {
            database.run("COMMIT");
        }
    }

    private static Answer revoke(String... headers) {
        return http.postForm(
                "sessions/revoke",
                Map.of("session", "x"),
                "Accept",
                HTML,
                "Cookie",
                OLD_COOKIE,
                "Sec-Fetch-Site",
                "same-origin",
                headers[0],
                headers[1]);
    }

    private static void assertTriesAgainAt(String path, Answer answer) {
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).isPresent();
        assertThat(answer.body())
                .contains("href=\"" + path + "\">Try again</a>", "You can try again in")
                .doesNotContain("evil");
    }

    @Test
    void a_code_that_could_not_be_tried_stays_in_its_field_and_is_good_afterwards() {
        Answer asked = http.postForm("login", Map.of("phone", "+79991234568"), "Accept", HTML);
        String challenge = asked.header("Set-Cookie").orElseThrow().replaceFirst(";.*", "");
        tomcat.awaitLog("ends in 4568: ");
        String code = tomcat.log()
                .substring(tomcat.log().indexOf("ends in 4568: ") + "ends in 4568: ".length())
                .substring(0, 6);
        database.run("BEGIN IMMEDIATE");
        try {
            Answer busy = enter(challenge, code);
            assertThat(busy.status()).isEqualTo(503);
            assertThat(busy.header("Retry-After")).contains("1");
            assertThat(busy.body())
                    .contains("your code hasn’t been checked yet", "name=\"code\" value=\"" + code + "\"")
                    .doesNotContain("signed in")
                    .doesNotContain("aria-invalid", "Attempts left");
        } finally {
            database.run("COMMIT");
        }
        assertThat(enter(challenge, code).status()).isEqualTo(303);
    }

    private static Answer enter(String challenge, String code) {
        return http.postForm("login/code", Map.of("code", code), "Accept", HTML, "Cookie", challenge);
    }
}
