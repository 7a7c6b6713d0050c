package org.multisession.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.SmallDisk;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/**
 * The disk under the database is full: whoever is signed in is served, a sign-in is answered with 503 and not kept, the log
 * and {@code /health} say why, and all goes on by itself once there is room.
 */
class DiskFullIT {

    private static final String ANNA = "+79991234567";
    private static final String[] HTML = {"Accept", "text/html", "Accept-Language", "ru"};

    @ParameterizedTest
    @ValueSource(strings = {"delete", "wal"})
    void who_is_signed_in_is_served_and_who_signs_in_is_told_to_come_later(String journal) throws Exception {
        try (SmallDisk disk = SmallDisk.mount(64);
                SqliteApp database =
                        SqliteApp.make(Files.createDirectory(disk.path().resolve("db")), "single")) {
            database.run("PRAGMA journal_mode = " + journal);
            try (TomcatServer tomcat = TomcatServer.of(TomcatVersion.V11)
                    .app("/", database, "multisession.login.verification", "none")
                    .start()) {
                Http http = Http.to(tomcat.uri("/"));
                List<String> told = new ArrayList<>();
                told.add(token(http.postJson("api/login", "{\"phone\":\"" + ANNA + "\"}")));

                disk.fill();
                Answer refused = fillUp(http, told);
                assertThat(refused.status()).isEqualTo(503);
                assertThat(refused.body()).contains("\"code\":\"unavailable\"", "Nothing was changed");
                assertThat(refused.header("Retry-After")).contains("30");
                assertThat(http.get("api/me", bearer(told.get(0))).status()).isEqualTo(200);
                assertThat(http.get("verify", bearer(told.get(0))).status()).isEqualTo(200);

                Answer page = http.postForm("login", Map.of("phone", ANNA), HTML);
                assertThat(page.status()).isEqualTo(503);
                assertThat(page.header("Retry-After")).contains("30");
                assertThat(page.body()).contains("Сейчас войти не получится", "value=\"" + ANNA + "\"");
                Answer ending = http.postForm("logout", Map.of(), with(HTML, bearer(told.get(0))));
                assertThat(ending.status()).isEqualTo(503);
                assertThat(ending.body()).contains("Сейчас это не работает", "Попробовать снова");

                Answer health = http.get("health");
                assertThat(health.status()).isEqualTo(200);
                assertThat(health.body()).contains("\"status\":\"degraded\",\"database\":\"full\"");
                assertThat(tomcat.log().split("The disk of the database is full: make room on it", -1))
                        .as("told once")
                        .hasSize(2);
                assertThat(tomcat.log()).doesNotContain("Request failed", "internal error");

                disk.makeRoom();
                told.add(token(http.postJson("api/login", "{\"phone\":\"" + ANNA + "\"}")));
                for (String token : told) {
                    assertThat(http.get("api/me", bearer(token)).status()).isEqualTo(200);
                }
                // The sign-in was too early to tell; the application tries by itself.
                tomcat.awaitLog("The database can be written again");
                assertThat(http.get("health").body()).contains("\"status\":\"up\",\"database\":\"up\"");
                assertThat(database.one("SELECT count(*) FROM user_sessions WHERE user_id = 42"))
                        .as("a session for each that was told, and the one that was adopted")
                        .isEqualTo(String.valueOf(told.size() + 1));
            }
        }
    }

    /** Signs in until there is no room even in pages that are there already, or in the journal. */
    private static Answer fillUp(Http http, List<String> told) {
        Answer answer = signIn(http);
        for (int i = 0; i < 200 && answer.status() == 200; i++) {
            told.add(token(answer));
            answer = signIn(http);
        }
        return answer;
    }

    private static Answer signIn(Http http) {
        return http.postJson("api/login", "{\"phone\":\"" + ANNA + "\"}");
    }

    private static String token(Answer answer) {
        assertThat(answer.status()).isEqualTo(200);
        return answer.body().replaceFirst("(?s).*\"token\":\"([^\"]+)\".*", "$1");
    }

    private static String[] bearer(String token) {
        return new String[] {"Authorization", "Bearer " + token};
    }

    private static String[] with(String[] some, String[] more) {
        List<String> all = new ArrayList<>(List.of(some));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }
}
