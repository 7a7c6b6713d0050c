package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.multisession.db.SqlTime;
import org.multisession.testing.Browser;
import org.multisession.testing.Http;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;
import org.openqa.selenium.Cookie;

/**
 * Pictures of every page in every state, from the running application, for people to look at: {@code mvn verify
 * -Dit.test=ScreenshotsIT -Dtest=NONE -Dsurefire.failIfNoSpecifiedTests=false -Dscreenshots} writes them to {@code
 * target/screenshots}. They are whole pages, on a phone and on a desk, by day and by night, in both languages.
 */
@EnabledIfSystemProperty(named = "screenshots", matches = ".*")
class ScreenshotsIT {

    private static final Path PICTURES = Path.of("target/screenshots");
    private static final String IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
            + " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
    private static final String IPAD = "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15"
            + " (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1";
    private static final String WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
            + " (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";

    @TempDir
    private static Path folder;

    @SuppressWarnings("NullAway.Init")
    private static SqliteApp atOnce;

    @SuppressWarnings("NullAway.Init")
    private static SqliteApp byCode;

    @SuppressWarnings("NullAway.Init")
    private static TomcatServer tomcat;

    /** Each way of looking with a number of its own, so that nobody waits because of another's codes. */
    static List<Arguments> ways() {
        List<Arguments> ways = new ArrayList<>();
        int number = 0;
        for (String language : List.of("en", "ru")) {
            for (String light : List.of("day", "night")) {
                for (String size : List.of("phone", "desk")) {
                    ways.add(Arguments.of(language, light, size, "+7999555001" + number++));
                }
            }
        }
        return ways;
    }

    @BeforeAll
    static void start() {
        atOnce = database("at-once");
        byCode = database("by-code");
        tomcat = TomcatServer.of(TomcatVersion.V11)
                .webapp("/", TomcatServer.war(), settings(byCode, Map.of("multisession.code.attempts", "2")))
                .webapp(
                        "/auth",
                        TomcatServer.war(),
                        settings(
                                atOnce,
                                Map.of(
                                        "multisession.login.verification",
                                        "none",
                                        "multisession.cookie.path",
                                        "/auth",
                                        "multisession.brand.name",
                                        "Corner Shop",
                                        "multisession.brand.support",
                                        "mailto:help@shop.example",
                                        "multisession.brand.home",
                                        "/shop/")))
                .start();
    }

    @AfterAll
    static void stop() {
        tomcat.close();
        atOnce.close();
        byCode.close();
    }

    private static SqliteApp database(String name) {
        SqliteApp database = SqliteApp.open(folder.resolve(name + ".db"));
        database.run(SqliteApp.script("single"));
        for (Arguments way : ways()) {
            String number = (String) way.get()[3];
            database.addUser(number, "old-" + number);
        }
        return database;
    }

    private static Map<String, String> settings(SqliteApp database, Map<String, String> more) {
        Map<String, String> settings = new TreeMap<>(more);
        settings.put("multisession.db.url", database.path().toString());
        return settings;
    }

    @ParameterizedTest
    @MethodSource("ways")
    void all_pages(String language, String light, String size, String number) {
        Browser.Setup setup = Browser.setup().language(language);
        setup = light.equals("night") ? setup.inTheDark() : setup;
        setup = size.equals("phone") ? setup.size(360, 740) : setup.size(1280, 800);
        try (Browser browser = setup.open()) {
            Photographer photographer = new Photographer(browser, setup, language + "-" + light + "-" + size);
            pagesOfCodes(browser, photographer, number);
            pagesAtOnce(browser, photographer, number);
            assertThat(PICTURES).isDirectoryContaining("glob:**" + language + "-" + light + "-" + size + "-*.png");
        }
    }

    private static void pagesOfCodes(Browser browser, Photographer photographer, String number) {
        browser.go(tomcat.uri("/login"));
        photographer.take("01-login");
        enter(browser, "#phone", number);
        photographer.take("02-code");
        browser.find("summary").click();
        photographer.take("03-code-help");
        String code = tomcat.nextCode(number.substring(number.length() - 4));
        enter(browser, "#code", code.equals("000000") ? "000001" : "000000");
        photographer.take("04-code-wrong");
        browser.follow("a[href*='edit=1']");
        photographer.take("05-wrong-number");
        browser.follow("form button");
        photographer.take("06-wait");
        browser.go(tomcat.uri("/login/code"));
        enter(browser, "#code", code.equals("000000") ? "000001" : "000000");
        photographer.take("07-code-used-up");
        browser.driver().manage().addCookie(new Cookie("auth_token", "old-" + number, "/"));
        long user = Long.parseLong(byCode.one("SELECT id FROM users WHERE phone = ?", number));
        byCode.run("INSERT INTO user_sessions (user_id, auth_token) VALUES (?, ?)", user, "of-the-old-app-" + number);
        browser.go(tomcat.uri("/sessions"));
        photographer.take("08-devices-unproved");
        browser.follow("form[action$=revoke-others] button");
        photographer.take("09-confirm");
        browser.follow("form button");
        photographer.take("10-confirm-wait");
        browser.driver().manage().deleteAllCookies();
    }

    private static void pagesAtOnce(Browser browser, Photographer photographer, String number) {
        browser.go(tomcat.uri("/auth/login"));
        enter(browser, "#phone", "12");
        photographer.take("11-malformed");
        browser.go(tomcat.uri("/auth/login"));
        browser.driver().manage().addCookie(new Cookie("auth_token", "old-" + number, "/auth"));
        browser.go(tomcat.uri("/auth/"));
        photographer.take("12-home-old");
        browser.go(tomcat.uri("/auth/logout"));
        photographer.take("13-logout-old");
        browser.go(tomcat.uri("/auth/login"));
        photographer.take("14-login-signed-in");
        enter(browser, "#phone", number);
        browser.go(tomcat.uri("/auth/"));
        photographer.take("15-home");
        for (String agent : List.of(IPHONE, IPAD, WINDOWS, "curl/8.5.0")) {
            Http.to(tomcat.uri("/auth/")).postJson("api/login", "{\"phone\":\"" + number + "\"}", "User-Agent", agent);
        }
        atOnce.run(
                "UPDATE multisession_devices SET address = '2001:db8:85a3:8d3:1319:8a2e:370:7348' WHERE device LIKE '%iPhone%'");
        browser.go(tomcat.uri("/auth/"));
        photographer.take("15-home-news");
        browser.go(tomcat.uri("/auth/sessions"));
        photographer.take("16-devices");
        String other = browser.find("input[name=session]").getDomAttribute("value");
        browser.go(tomcat.uri("/auth/sessions?end=" + other));
        photographer.take("16-devices-proved");
        browser.go(tomcat.uri("/auth/sessions?end=others"));
        photographer.take("16-devices-proved-others");
        for (int i = 0; i < 40; i++) {
            Http.to(tomcat.uri("/auth/"))
                    .postJson("api/login", "{\"phone\":\"" + number + "\"}", "User-Agent", WINDOWS);
        }
        atOnce.run(
                "UPDATE user_sessions SET last_seen_at = ? WHERE id % 3 = 0",
                SqlTime.format(Instant.parse("2026-03-12T18:30:00Z")));
        browser.go(tomcat.uri("/auth/sessions?page=2"));
        photographer.take("17-devices-page-2");
        browser.go(tomcat.uri("/auth/sessions"));
        browser.follow("form[action$=revoke-others] button");
        photographer.take("18-devices-alone");
        String token = browser.cookie("auth_token").orElseThrow().getValue();
        browser.go(tomcat.uri("/auth/logout"));
        photographer.take("19-logout");
        browser.follow("form[action$=logout] button");
        photographer.take("20-signed-out");
        browser.driver().manage().addCookie(new Cookie("auth_token", token, "/auth"));
        browser.go(tomcat.uri("/auth/login"));
        photographer.take("21-ended");
        enter(browser, "#phone", number);
        browser.go(tomcat.uri("/auth/nowhere"));
        photographer.take("22-not-found");
    }

    private static void enter(Browser browser, String field, String text) {
        browser.find(field).clear();
        browser.find(field).sendKeys(text);
        browser.follow("form button");
    }

    /** Takes whole pages. */
    private record Photographer(Browser browser, Browser.Setup setup, String way) {

        void take(String name) {
            Number height = (Number) browser.driver().executeScript("return document.documentElement.scrollHeight");
            resize(Math.max(setup.height(), Objects.requireNonNull(height).intValue()));
            browser.screenshot(PICTURES.resolve(way + "-" + name + ".png"));
            resize(setup.height());
        }

        private void resize(int height) {
            browser.driver()
                    .executeCdpCommand(
                            "Emulation.setDeviceMetricsOverride",
                            Map.of("width", setup.width(), "height", height, "deviceScaleFactor", 1, "mobile", false));
        }
    }
}
