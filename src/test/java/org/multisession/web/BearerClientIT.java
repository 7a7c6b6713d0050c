package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Answer;
import org.multisession.testing.Http;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** A phone app: it sends its token by {@code Authorization: Bearer} and knows no cookie. */
@ParameterizedClass
@EnumSource(TomcatVersion.class)
@SuppressWarnings("NullAway.Init")
class BearerClientIT {

    private static final String ANNA = "+79991234567";
    private static final String BORIS = "+79991234568";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static MemoryFolder folder;
    private static TomcatServer tomcat;

    @Parameter
    TomcatVersion version;

    private final Http http = Http.to(tomcat.uri("/"));

    @BeforeParameterizedClassInvocation
    static void start(TomcatVersion version) {
        folder = new MemoryFolder();
        try (SqliteApp database = SqliteApp.make(folder.path(), "single")) {
            tomcat = TomcatServer.of(version)
                    .app("/", database, "multisession.login.verification", "none")
                    .start();
        }
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        tomcat.close();
        folder.close();
    }

    @Test
    void a_client_without_cookies_signs_in_lists_revokes_and_signs_out() throws JsonProcessingException {
        String token = signIn(ANNA);
        String tablet = signIn(ANNA);
        String lost = signIn(ANNA);
        String friend = signIn(BORIS);

        assertThat(me(bearer(token))).isEqualTo("42");
        JsonNode before = sessions(token);
        assertThat(before).hasSizeGreaterThanOrEqualTo(3);
        assertThat(before.get(0).path("current").booleanValue()).isTrue();
        assertThat(before.findValuesAsText("current")).containsOnlyOnce("true");

        String idOfLost = idOfCurrent(lost);
        assertThat(send("DELETE", "api/sessions/" + idOfLost, bearer(friend)).status())
                .as("another user's")
                .isEqualTo(404);
        assertThat(me(bearer(lost))).isEqualTo("42");
        assertThat(send("DELETE", "api/sessions/" + idOfLost, bearer(token)).status())
                .isEqualTo(204);
        assertThat(me(bearer(lost))).isEqualTo("nobody");
        assertThat(sessions(token)).hasSize(before.size() - 1);

        Answer others = send("POST", "api/sessions/revoke-others", bearer(token));
        assertThat(others.body()).isEqualTo("{\"ended\":" + (before.size() - 2) + "}");
        assertThat(me(bearer(tablet))).isEqualTo("nobody");
        assertThat(sessions(token)).hasSize(1);

        assertThat(send("POST", "api/logout", bearer(token)).status()).isEqualTo(204);
        for (String path : List.of("api/me", "api/sessions", "verify")) {
            assertThat(http.get(path, bearer(token)).status()).as(path).isEqualTo(401);
        }
        assertThat(me(bearer(friend))).isEqualTo("43");
    }

    @Test
    void ending_its_own_session_by_its_id_signs_a_client_out() throws JsonProcessingException {
        String token = signIn(ANNA);
        assertThat(send("DELETE", "api/sessions/" + idOfCurrent(token), bearer(token))
                        .status())
                .isEqualTo(204);
        assertThat(me(bearer(token))).isEqualTo("nobody");
    }

    @Test
    void of_a_bearer_token_and_a_cookie_the_bearer_token_counts_and_the_cookie_where_that_is_nobodys()
            throws JsonProcessingException {
        String anna = signIn(ANNA);
        String boris = signIn(BORIS);

        assertThat(me(both(anna, boris))).isEqualTo("42");
        assertThat(me(both(boris, anna))).isEqualTo("43");
        assertThat(me(both("stale", boris))).isEqualTo("43");
        assertThat(me(both(anna, "stale"))).isEqualTo("42");
        assertThat(me(both("stale", "stale"))).isEqualTo("nobody");
        assertThat(me("Authorization", "Basic " + anna, "Cookie", "auth_token=" + boris))
                .isEqualTo("43");
    }

    @Test
    void signing_out_with_both_ends_both() throws JsonProcessingException {
        String app = signIn(ANNA);
        String browser = signIn(ANNA);

        assertThat(send("POST", "api/logout", both(app, browser)).status()).isEqualTo(204);

        assertThat(me(bearer(app))).isEqualTo("nobody");
        assertThat(me(bearer(browser))).isEqualTo("nobody");
    }

    private JsonNode sessions(String token) throws JsonProcessingException {
        Answer answer = http.get("api/sessions", bearer(token));
        assertThat(answer.status()).isEqualTo(200);
        return JSON.readTree(answer.body()).path("sessions");
    }

    private String idOfCurrent(String token) throws JsonProcessingException {
        return sessions(token).get(0).path("id").textValue();
    }

    /** Whose a request is: the user's id, or "nobody". */
    private String me(String... headers) throws JsonProcessingException {
        Answer answer = http.get("api/me", headers);
        return answer.status() == 401
                ? "nobody"
                : JSON.readTree(answer.body()).path("id").asText();
    }

    private String signIn(String phone) throws JsonProcessingException {
        Answer answer = http.postJson("api/login", "{\"phone\":\"" + phone + "\"}");
        return JSON.readTree(answer.body()).path("token").textValue();
    }

    private Answer send(String method, String path, String... headers) {
        return http.send(method, path, "", headers);
    }

    private static String[] bearer(String token) {
        return new String[] {"Authorization", "Bearer " + token};
    }

    private static String[] both(String bearer, String cookie) {
        return new String[] {"Authorization", "Bearer " + bearer, "Cookie", "auth_token=" + cookie};
    }
}
