package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.multisession.testing.Answer;
import org.multisession.testing.Browser;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;

/** The pages bear the name that people know, and lead on to where they wanted to go. */
class BrandIT {

    private static final String HTML = "text/html";
    private static final String PHONE = "+79991234568";
    private static final String LOGO = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 80 20\">"
            + "<style>rect{fill:#c00}</style><script>alert(1)</script><rect width=\"80\" height=\"20\"/></svg>";

    @TempDir
    private static Path folder;

    @SuppressWarnings("NullAway.Init")
    private static TomcatServer tomcat;

    @BeforeAll
    static void start() throws IOException {
        Path logo = Files.writeString(folder.resolve("logo"), LOGO);
        tomcat = TomcatServer.of(TomcatVersion.V11)
                .webapp("/", TomcatServer.war(), settings("plain", Map.of()))
                .webapp(
                        "/auth",
                        TomcatServer.war(),
                        settings(
                                "shop",
                                Map.of(
                                        "multisession.brand.name",
                                        "Tom & Jerry’s <shop>",
                                        "multisession.brand.logo",
                                        logo.toString(),
                                        "multisession.brand.support",
                                        "https://shop.example/help?a=1&b=2",
                                        "multisession.brand.home",
                                        "/health")))
                .start();
        // Another site, as browsers see it; its port is known only now.
        tomcat.deploy(
                "/far",
                TomcatServer.war(),
                settings(
                        "far",
                        Map.of(
                                "multisession.brand.home",
                                "http://localhost:" + tomcat.port() + "/health",
                                "multisession.brand.support",
                                "Ask <b>Ann</b>, room 7")));
    }

    @AfterAll
    static void stop() {
        tomcat.close();
    }

    private static Map<String, String> settings(String name, Map<String, String> more) {
        try (SqliteApp database = SqliteApp.open(folder.resolve(name + ".db"))) {
            database.run(SqliteApp.script("single"));
            Map<String, String> settings = new TreeMap<>(more);
            settings.put("multisession.db.url", database.path().toString());
            settings.put("multisession.login.verification", "none");
            return settings;
        }
    }

    @Test
    void every_page_has_the_name_the_picture_and_the_way_to_help() {
        Http shop = Http.to(tomcat.uri("/auth/"));
        String cookie = signIn(shop);
        for (String path : new String[] {"login", "", "sessions", "logout", "nowhere"}) {
            Answer page = shop.get(path, "Accept", HTML, "Cookie", cookie);
            assertThat(page.body())
                    .as(path)
                    .contains("· Tom &amp; Jerry’s &lt;shop&gt;</title>")
                    .contains("<span>Tom &amp; Jerry’s &lt;shop&gt;</span>")
                    .contains("<img class=\"brand__mark\" src=\"/auth/static/logo\"")
                    .contains("<link rel=\"icon\" href=\"/auth/static/logo\">")
                    .contains("href=\"https://shop.example/help?a=1&amp;b=2\">Get help</a>")
                    .doesNotContain("Multi-Session");
        }
        assertThat(Http.to(tomcat.uri("/")).get("login", "Accept", HTML).body())
                .contains("· Multi-Session</title>", "src=\"/static/icon.svg\"")
                .doesNotContain("Get help", "Help:");
        assertThat(Http.to(tomcat.uri("/far/")).get("login", "Accept", HTML).body())
                .contains("Help:&#32;Ask &lt;b&gt;Ann&lt;/b&gt;, room 7");
    }

    @Test
    void the_picture_is_public_cacheable_and_can_do_nothing() {
        Answer picture = Http.to(tomcat.uri("/auth/")).get("static/logo");
        assertThat(picture.status()).isEqualTo(200);
        assertThat(picture.body()).isEqualTo(LOGO);
        assertThat(picture.header("Content-Type")).contains("image/svg+xml");
        assertThat(picture.header("X-Content-Type-Options")).contains("nosniff");
        assertThat(picture.header("Cache-Control")).contains("public, max-age=300");
        assertThat(picture.header("Content-Security-Policy").orElseThrow())
                .contains("default-src 'none'", "sandbox")
                .doesNotContain("script-src");
        String tag = picture.header("ETag").orElseThrow();
        assertThat(Http.to(tomcat.uri("/auth/"))
                        .get("static/logo", "If-None-Match", tag)
                        .status())
                .isEqualTo(304);
        assertThat(Http.to(tomcat.uri("/")).get("static/logo").status()).isEqualTo(404);
    }

    @Test
    void a_sign_in_leads_to_where_one_wanted_to_go_or_else_to_the_home_and_so_does_continue() {
        Http shop = Http.to(tomcat.uri("/auth/"));
        Answer in = shop.postForm("login", Map.of("phone", PHONE), "Accept", HTML);
        assertThat(in.header("Location")).contains("/health");
        Answer next = shop.postForm("login", Map.of("phone", PHONE, "next", "/auth/sessions"), "Accept", HTML);
        assertThat(next.header("Location")).contains("/auth/sessions");
        String cookie = signIn(shop);
        assertThat(shop.get("", "Accept", HTML, "Cookie", cookie).body()).contains("href=\"/health\">Continue</a>");
        assertThat(shop.get("login", "Accept", HTML, "Cookie", cookie).body())
                .contains("href=\"/health\">Continue</a>");
        assertThat(shop.get("login?next=/auth/sessions", "Accept", HTML, "Cookie", cookie)
                        .body())
                .contains("href=\"/auth/sessions\">Continue</a>");
    }

    @Test
    void a_browser_gets_to_a_home_on_another_site_and_sees_the_picture() {
        try (Browser browser = Browser.setup().open()) {
            browser.go(tomcat.uri("/auth/login"));
            assertThat(browser.driver().executeScript("return document.querySelector('.brand__mark').naturalWidth > 0"))
                    .isEqualTo(true);
            browser.go(tomcat.uri("/far/login"));
            browser.find("#phone").sendKeys(PHONE);
            browser.follow("form button");
            assertThat(browser.address().getHost()).isEqualTo("localhost");
            assertThat(browser.address().getPath()).isEqualTo("/health");
        }
    }

    @Test
    void a_browser_gets_to_a_home_that_leads_on_to_yet_another_host() throws IOException {
        HttpServer app = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        int port = app.getAddress().getPort();
        app.createContext("/", exchange -> {
            boolean isThere = exchange.getRequestHeaders().getFirst("Host").startsWith("www.");
            exchange.getResponseHeaders().set("Location", "http://www.example.com:" + port + "/there");
            exchange.sendResponseHeaders(isThere ? 200 : 302, -1);
            exchange.close();
        });
        app.start();
        tomcat.deploy(
                "/moved",
                TomcatServer.war(),
                settings("moved", Map.of("multisession.brand.home", "http://localhost:" + port + "/")));
        try (Browser browser = Browser.setup().open()) {
            browser.go(tomcat.uri("/moved/login"));
            browser.find("#phone").sendKeys(PHONE);
            browser.follow("form button");
            assertThat(browser.address()).isEqualTo(URI.create("http://www.example.com:" + port + "/there"));
        } finally {
            app.stop(0);
        }
    }

    private static String signIn(Http at) {
        return at.postJson("api/login", "{\"phone\":\"" + PHONE + "\"}")
                .header("Set-Cookie")
                .orElseThrow()
                .replaceFirst(";.*", "");
    }
}
