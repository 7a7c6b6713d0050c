package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.db.SqlTime;
import org.multisession.testing.Browser;
import org.multisession.testing.Connector;
import org.multisession.testing.Http;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestCertificate;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;

/** Several browsers as several devices of one person. */
@ParameterizedClass
@EnumSource(Connector.class)
@SuppressWarnings("NullAway.Init")
class DevicesBrowserIT {

    private static final String IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
            + " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

    private static MemoryFolder folder;

    private static SqliteApp database;

    private static TomcatServer tomcat;
    private static Connector connector;

    @Parameter
    Connector each;

    @BeforeParameterizedClassInvocation
    static void start(Connector each) {
        connector = each;
        folder = new MemoryFolder();
        database = SqliteApp.make(folder.path(), "single");
        tomcat = TomcatServer.of(TomcatVersion.V11)
                .tls(TestCertificate.make(folder.path()))
                .app("/", database, "multisession.login.verification", "none")
                .start();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        tomcat.close();
        database.close();
        folder.close();
    }

    private static URI uri(String path) {
        return connector.uri(tomcat, path);
    }

    @Test
    void a_device_that_was_ended_from_another_learns_it_with_its_next_click_and_the_third_stays() {
        try (Browser desk = Browser.setup().open();
                Browser phone = Browser.setup().language("ru").size(390, 844).open();
                Browser tablet =
                        Browser.setup().withoutJavaScript().size(820, 1180).open()) {
            pretend(phone, IPHONE);
            for (Browser browser : List.of(desk, phone, tablet)) {
                signIn(browser, "+7 999 123-45-68");
            }

            desk.follow("main a[href$='/sessions']");
            assertThat(texts(desk, ".part .list__title")).startsWith("Chrome on Linux This device");
            // Two more browsers, and the older sign-in of before.
            assertThat(texts(desk, ".part .list__title"))
                    .hasSize(4)
                    .contains("Safari on iPhone", "Chrome on Linux", "Older sign-ins");
            end(desk, "Safari on iPhone");
            assertThat(desk.address()).isEqualTo(uri("/sessions"));
            assertThat(desk.find("[role=status]").getText()).startsWith("That device is signed out");
            assertThat(texts(desk, ".part .list__title")).hasSize(3).doesNotContain("Safari on iPhone");

            phone.go(uri("/"));
            assertThat(phone.address().getPath()).isEqualTo("/login");
            assertThat(phone.find("#ended").getText())
                    .contains("Сеанс на этом устройстве завершён только что")
                    .contains("Это сделано на другом вашем устройстве: Chrome, Linux.");
            assertThat(phone.text()).doesNotContain("123-45-68");

            tablet.go(uri("/sessions"));
            assertThat(texts(tablet, ".part .list__title")).hasSize(3);
            desk.driver().navigate().refresh();
            assertThat(desk.driver().findElements(By.cssSelector("[role=status]")))
                    .as("said once")
                    .isEmpty();

            signIn(phone, "+7 999 123-45-68");
            assertThat(phone.text()).contains("Вы вошли");
        }
    }

    @Test
    void without_javascript_all_others_are_ended_by_one_button() {
        try (Browser desk = Browser.setup().withoutJavaScript().language("ru").open();
                Browser phone = Browser.setup().size(320, 640).open();
                Browser old = Browser.setup().open()) {
            come(old, "x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU");
            assertThat(texts(old, ".part .list__title")).containsExactly("Older sign-ins This device");
            signIn(phone, "8 999 123-45-69");
            signIn(desk, "8 999 123-45-69");

            desk.go(uri("/sessions"));
            assertThat(desk.find("time").getAttribute("title")).endsWith("UTC");
            desk.follow("form[action$=revoke-others] button");

            assertThat(desk.find("[role=status]").getText()).isEqualTo("Завершено: 2 других сеанса.");
            assertThat(texts(desk, ".part .list__title")).containsExactly("Chrome, Linux Это устройство");
            for (Browser other : List.of(phone, old)) {
                other.go(uri("/"));
                assertThat(other.find("#ended").getText())
                        .contains("You were signed out just now", "another of your devices: Chrome on Linux.");
            }
            desk.go(uri("/"));
            assertThat(desk.text()).contains("Вы вошли", "Ваши устройства (1)");
        }
    }

    @Test
    void the_old_devices_that_share_a_token_are_one_row_and_end_together() {
        try (Browser desk = Browser.setup().open();
                Browser oldPhone = Browser.setup().open();
                Browser oldTablet = Browser.setup().open()) {
            come(oldPhone, "qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho");
            come(oldTablet, "qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho");
            signIn(desk, "+7 999 123-45-70");

            desk.go(uri("/sessions"));
            assertThat(texts(desk, ".part .list__title")).hasSize(2).contains("Older sign-ins");
            String users = database.rows("users");
            end(desk, "Older sign-ins");

            assertThat(database.rows("users")).isEqualTo(users);
            for (Browser old : List.of(oldPhone, oldTablet)) {
                old.go(uri("/"));
                assertThat(old.find("#ended").getText()).contains("another of your devices: Chrome on Linux.");
            }
        }
    }

    @Test
    void of_many_devices_a_page_is_shown_with_this_one_and_the_button_for_all_others_first() {
        try (Browser phone = Browser.setup().size(360, 740).open()) {
            database.addUser("+79991234574", null);
            signIn(phone, "+7 999 123-45-74");
            for (int i = 0; i < 45; i++) {
                Http.to(tomcat.uri("/"))
                        .postJson("api/login", "{\"phone\":\"+79991234574\"}", "User-Agent", "Shop " + i + "/1.0");
            }
            database.run("UPDATE multisession_devices SET address = '2001:0db8:85a3:08d3:1319:8a2e:0370:7348'");
            phone.go(uri("/sessions"));
            assertThat(texts(phone, ".part .list__title")).hasSize(21).first().isEqualTo("Chrome on Linux This device");
            int button = phone.find("form[action$=revoke-others] button")
                    .getLocation()
                    .getY();
            assertThat(button)
                    .isGreaterThan(phone.find(".part .list__row").getLocation().getY())
                    .isLessThan(phone.find("#note-1").getLocation().getY());
            for (WebElement address : phone.driver().findElements(By.cssSelector(".part .address"))) {
                // In lines of 24 pixels, and it has 39 characters.
                assertThat(address.getSize().getHeight()).isLessThanOrEqualTo(2 * 24);
            }
            look(phone, "many", new LinkedHashMap<>());

            phone.follow("a[rel=next]");
            assertThat(phone.address().getQuery()).isEqualTo("page=2");
            assertThat(phone.find(".pages").getText()).contains("Page 2 of 3");
            String last = texts(phone, ".part .list__title").get(20);
            end(phone, last);
            assertThat(phone.address().getQuery()).isEqualTo("page=2");
            assertThat(texts(phone, ".part .list__title")).hasSize(21).doesNotContain(last);
            phone.follow("a[rel=next]");
            assertThat(phone.driver().findElements(By.cssSelector("a[rel=next]")))
                    .isEmpty();
            phone.follow(".intro a");
            assertThat(phone.address()).isEqualTo(uri("/"));
        }
    }

    @Test
    void times_are_told_in_the_zone_of_the_reader() {
        try (Browser browser = Browser.setup().open()) {
            browser.driver().executeCdpCommand("Emulation.setTimezoneOverride", Map.of("timezoneId", "Asia/Tokyo"));
            signIn(browser, "8 999 123-45-71");
            database.run(
                    "UPDATE user_sessions SET created_at = ?, last_seen_at = ? WHERE user_id = 46",
                    SqlTime.format(Instant.parse("2026-03-12T18:30:00Z")),
                    SqlTime.format(Instant.now()));

            browser.go(uri("/sessions"));

            WebElement since = browser.find("time[data-kind=date]");
            assertThat(since.getText()).isEqualTo("March 13, 2026");
            assertThat(Objects.requireNonNull(since.getAttribute("title")).replace('\u202f', ' '))
                    .isEqualTo("March 13, 2026 at 3:30 AM");
        }
    }

    @Test
    void on_a_desk_in_daylight_the_list_keeps_nobody_out() {
        assertOpenToAll(Browser.setup(), "+79991234572");
    }

    @Test
    void on_a_small_phone_in_the_dark_the_list_keeps_nobody_out() {
        assertOpenToAll(Browser.setup().language("ru").inTheDark().size(320, 640), "+79991234573");
    }

    private static void assertOpenToAll(Browser.Setup setup, String phone) {
        try (Browser browser = setup.open()) {
            Map<String, List<?>> violations = new LinkedHashMap<>();
            signIn(browser, phone);
            look(browser, "home", violations);
            browser.go(uri("/sessions"));
            look(browser, "alone", violations);
            for (String agent :
                    List.of(IPHONE, "A".repeat(59) + "/1.0", "<script>alert(1)</script>", "Shop (Android)")) {
                Http.to(tomcat.uri("/")).postJson("api/login", "{\"phone\":\"" + phone + "\"}", "User-Agent", agent);
            }
            database.run("UPDATE multisession_devices SET address = '2001:0db8:85a3:08d3:1319:8a2e:0370:7348'");
            browser.go(uri("/sessions"));
            look(browser, "many", violations);
            assertThat(browser.driver().findElements(By.cssSelector(".part .list__row")))
                    .hasSize(5);
            browser.follow("form[action$='/revoke'] button");
            look(browser, "one ended", violations);
            browser.follow("form[action$=revoke-others] button");
            look(browser, "all others ended", violations);
            String token = browser.cookie("auth_token").orElseThrow().getValue();
            browser.follow("form[action$=logout] button");
            browser.setCookie("auth_token", token);
            browser.go(uri("/"));
            assertThat(browser.find("#ended").isDisplayed()).isTrue();
            look(browser, "signed out", violations);

            assertThat(violations)
                    .hasSize(6)
                    .allSatisfy((page, found) -> assertThat(found).as(page).isEmpty());
        }
    }

    private static void look(Browser browser, String state, Map<String, List<?>> violations) {
        violations.put(state, Axe.violations(browser));
    }

    private static void pretend(Browser browser, String agent) {
        browser.driver()
                .executeCdpCommand("Network.setUserAgentOverride", Map.of("userAgent", agent, "acceptLanguage", "ru"));
    }

    private static void signIn(Browser browser, String phone) {
        browser.go(uri("/login"));
        browser.find("#phone").sendKeys(phone);
        browser.follow("form button");
        assertThat(browser.address()).isEqualTo(uri("/"));
    }

    /** Comes with a cookie of the old app. */
    private static void come(Browser browser, String token) {
        browser.go(uri("/login"));
        browser.setCookie("auth_token", token);
        browser.go(uri("/sessions"));
    }

    /** Presses the button of the row with that name. */
    private static void end(Browser browser, String name) {
        WebElement row = browser.driver().findElements(By.cssSelector(".part .list__row")).stream()
                .filter(one -> one.findElement(By.cssSelector(".part .list__title"))
                        .getText()
                        .equals(name))
                .findFirst()
                .orElseThrow();
        String id = row.findElement(By.cssSelector("[id^=note-]")).getAttribute("id");
        browser.follow("button[aria-describedby='" + id + "']");
    }

    private static List<String> texts(Browser browser, String selector) {
        return browser.driver().findElements(By.cssSelector(selector)).stream()
                .map(WebElement::getText)
                .toList();
    }
}
