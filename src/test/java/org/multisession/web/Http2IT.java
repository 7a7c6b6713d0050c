package org.multisession.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Browser;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestCertificate;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** HTTP/2 straight to Tomcat, which has no {@code Host} there: in plain and over TLS, by a program and by a browser. */
@ParameterizedClass
@EnumSource(TomcatVersion.class)
@SuppressWarnings("NullAway.Init")
class Http2IT {

    private static MemoryFolder folder;
    private static TomcatServer tomcat;
    private static TestCertificate certificate;

    @Parameter
    TomcatVersion version;

    @BeforeParameterizedClassInvocation
    static void start(TomcatVersion version) {
        folder = new MemoryFolder();
        certificate = TestCertificate.make(folder.path());
        try (SqliteApp database = SqliteApp.make(folder.path(), "single")) {
            tomcat = TomcatServer.of(version)
                    .tls(certificate)
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
    void what_changes_something_is_refused_from_other_sites_in_plain() throws IOException, InterruptedException {
        refusesOtherSites(HttpClient.newBuilder().build(), tomcat.uri("/"));
    }

    @Test
    void what_changes_something_is_refused_from_other_sites_over_tls() throws IOException, InterruptedException {
        refusesOtherSites(
                HttpClient.newBuilder().sslContext(certificate.client()).build(), tomcat.uriOverTls("/"));
    }

    @Test
    void a_person_signs_in_and_out_in_a_browser() {
        try (Browser browser = Browser.setup().open()) {
            browser.go(tomcat.uriOverTls("/"));
            assertThat(browser.driver()
                            .executeScript("return performance.getEntriesByType('navigation')[0].nextHopProtocol"))
                    .isEqualTo("h2");
            browser.find("#phone").sendKeys("+7 999 123-45-67");
            browser.follow("form button");
            assertThat(browser.address()).isEqualTo(tomcat.uriOverTls("/"));
            assertThat(browser.cookie("auth_token").orElseThrow().isSecure()).isTrue();
            browser.follow("form[action$=logout] button");
            assertThat(browser.address()).isEqualTo(tomcat.uriOverTls("/login"));
            assertThat(browser.cookie("auth_token")).isEmpty();
        }
    }

    private static void refusesOtherSites(HttpClient client, URI here) throws IOException, InterruptedException {
        // The first request is the one that changes to HTTP/2.
        client.send(HttpRequest.newBuilder(here.resolve("health")).build(), BodyHandlers.discarding());
        String own = here.toString().substring(0, here.toString().length() - 1);
        Map<List<String>, Integer> matrix = new LinkedHashMap<>();
        matrix.put(List.of("Accept", "*/*"), 422);
        matrix.put(List.of("Origin", own), 422);
        matrix.put(List.of("Origin", own, "Sec-Fetch-Site", "same-origin"), 422);
        matrix.put(List.of("Origin", own, "Sec-Fetch-Site", "cross-site"), 403);
        matrix.put(List.of("Origin", own, "Sec-Fetch-Site", "same-site"), 403);
        matrix.put(List.of("Origin", "https://evil.example"), 403);
        matrix.put(List.of("Origin", "null"), 403);
        matrix.put(List.of("Origin", here.getScheme() + "://" + here.getHost() + ":1"), 403);
        for (Map.Entry<List<String>, Integer> each : matrix.entrySet()) {
            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(here.resolve("login"))
                            .header("Content-Type", "application/x-www-form-urlencoded")
                            .headers(each.getKey().toArray(String[]::new))
                            .POST(BodyPublishers.ofString("phone=12"))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
            assertThat(answer.statusCode()).as(String.join(" ", each.getKey())).isEqualTo(each.getValue());
        }
    }
}
