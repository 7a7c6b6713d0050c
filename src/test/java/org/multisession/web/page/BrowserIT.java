package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.multisession.testing.Browser;
import org.multisession.testing.Connector;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestCertificate;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;
import org.openqa.selenium.By;
import org.openqa.selenium.Cookie;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.interactions.Actions;

/** What people do, in a real browser. */
@ParameterizedClass
@EnumSource(Connector.class)
@SuppressWarnings("NullAway.Init")
class BrowserIT {

    private static final String ANNA = "+7 999 123-45-67";
    private static final String CARLA = "+7 999 123-03-00";
    private static final String BORIS = "+7 999 123-45-68";
    private static final String LONGEST = "ask for Gleb in room 7 ".repeat(5).substring(0, 100);

    private static MemoryFolder folder;

    private static TomcatServer tomcat;
    private static Connector connector;

    @Parameter
    Connector each;

    @BeforeParameterizedClassInvocation
    static void start(Connector each) {
        connector = each;
        folder = new MemoryFolder();
        try (SqliteApp database = SqliteApp.make(folder.path(), "single")) {
            database.run("INSERT INTO users (phone) VALUES (?)", LONGEST);
            database.run(
                    "INSERT INTO users (id, phone, auth_token) VALUES"
                            + " (300, '+79991230300', 'an-old-token-of-carla'), (301, '+79991230301', 'an-old-token-of-doris')");
            tomcat = TomcatServer.of(TomcatVersion.V10_1)
                    .tls(TestCertificate.make(folder.path()))
                    .app(
                            "/",
                            database,
                            "multisession.login.verification",
                            "none",
                            "multisession.cookie.former",
                            "auth_token; Domain=id.example.com | auth_token; Path=/account")
                    .start();
        }
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        tomcat.close();
        folder.close();
    }

    private static URI uri(String path) {
        return connector.uri(tomcat, path);
    }

    @Test
    void pages_come_by_the_protocol_that_is_tried() {
        try (Browser browser = Browser.setup().open()) {
            browser.go(uri("/login"));
            assertThat(browser.driver()
                            .executeScript("return performance.getEntriesByType('navigation')[0].nextHopProtocol"))
                    .isEqualTo(connector.protocol());
        }
    }

    @Test
    void the_longest_text_that_can_stand_for_a_number_fits_into_the_field() {
        try (Browser browser = Browser.setup().open()) {
            signIn(browser, LONGEST);
            assertThat(browser.text()).contains("You are signed in");
        }
    }

    @Test
    void an_old_cookie_opens_the_account_and_each_device_signs_in_and_out_by_itself() {
        try (Browser oldPhone = Browser.setup().language("ru").size(390, 844).open();
                Browser desk = Browser.setup().open();
                Browser tablet =
                        Browser.setup().withoutJavaScript().size(820, 1180).open()) {
            comeWithTheOldCookie(oldPhone, "old_token_xyz123");
            assertThat(oldPhone.text()).contains("Вы вошли", ANNA, "pro", "Вы вошли до обновления");

            signIn(desk, ANNA);
            assertThat(desk.text()).contains("You are signed in", ANNA, "pro");
            signIn(tablet, ANNA);
            assertThat(tablet.text()).contains("You are signed in", ANNA);

            tablet.follow("form[action$=logout] button");
            assertThat(tablet.address()).isEqualTo(uri("/login"));
            assertThat(tablet.cookie("auth_token")).isEmpty();
            tablet.go(uri("/"));
            assertThat(tablet.address().getPath()).isEqualTo("/login");

            desk.go(uri("/"));
            assertThat(desk.text()).contains("You are signed in", ANNA);
            oldPhone.go(uri("/"));
            assertThat(oldPhone.text()).contains("Вы вошли", ANNA);
        }
    }

    @Test
    void who_signs_out_is_signed_in_by_no_other_cookie_that_the_old_app_has_set() {
        URI here = connector.uri(tomcat, "id.example.com", "/");
        try (Browser browser = Browser.setup().open()) {
            browser.go(here.resolve("/login"));
            // As the old app had set it: for the whole domain, and for another path.
            addCookie(browser, "an-old-token-of-carla", "example.com", "/");
            browser.go(here);
            assertThat(browser.text()).contains("You signed in before our update", CARLA);
            browser.go(here.resolve("/login"));
            enter(browser, CARLA);
            assertThat(browser.address()).isEqualTo(here);

            browser.follow("form[action$=logout] button");

            assertThat(browser.address().getPath()).isEqualTo("/login");
            assertThat(browser.text()).contains("You were signed out").doesNotContain("already signed in");
            browser.go(here.resolve("/api/me"));
            assertThat(browser.address().getPath()).isEqualTo("/login");
            browser.go(here);
            assertThat(browser.address().getPath()).isEqualTo("/login");
        }
    }

    @Test
    void a_sign_out_clears_the_cookie_wherever_the_settings_say_that_it_was() {
        URI here = connector.uri(tomcat, "id.example.com", "/");
        try (Browser browser = Browser.setup().open()) {
            browser.go(here.resolve("/login"));
            addCookie(browser, "an-old-token-of-carla", "id.example.com", "/");
            addCookie(browser, "an-older-one", null, "/account");
            // The cookies of a path are told to who is below it.
            browser.go(here.resolve("/account/nothing"));
            assertThat(browser.driver().manage().getCookies()).hasSize(2);
            browser.go(here);
            browser.follow("form[action$=logout] button");

            browser.go(here.resolve("/account/nothing"));
            assertThat(browser.driver().manage().getCookies())
                    .extracting(Cookie::getName)
                    .doesNotContain("auth_token");
        }
    }

    /** Adds one of the old app's; null for one of this host alone. */
    private static void addCookie(Browser browser, String value, @Nullable String domain, String path) {
        browser.driver()
                .manage()
                .addCookie(new Cookie.Builder("auth_token", value)
                        .domain(domain)
                        .path(path)
                        .build());
    }

    @Test
    void who_signs_out_by_an_old_cookie_alone_is_told_what_remains_and_stays_out() {
        URI here = connector.uri(tomcat, "id.example.com", "/");
        try (Browser browser = Browser.setup().open();
                Browser another = Browser.setup().open()) {
            for (Browser each : List.of(browser, another)) {
                each.go(here.resolve("/login"));
                each.driver()
                        .manage()
                        .addCookie(new Cookie.Builder("auth_token", "an-old-token-of-doris")
                                .domain("example.com")
                                .path("/")
                                .build());
                each.go(here);
                assertThat(each.text()).contains("You signed in before our update");
            }

            browser.follow("form[action$=logout] button");

            assertThat(browser.text()).contains("Older sign-ins", "may still be signed in");
            browser.go(here);
            assertThat(browser.address().getPath()).isEqualTo("/login");
            assertThat(browser.text()).doesNotContain("already signed in");
            another.go(here);
            assertThat(another.address()).isEqualTo(here);
        }
    }

    @Test
    void after_sign_out_the_back_button_does_not_bring_the_account_back() {
        try (Browser browser = Browser.setup().open()) {
            signIn(browser, BORIS);
            browser.go(uri("/logout"));
            browser.follow("form[action$=logout] button");

            browser.driver().navigate().back();
            browser.driver().navigate().back();

            assertThat(browser.address().getPath()).isEqualTo("/login");
            assertThat(browser.driver().getPageSource()).doesNotContain(BORIS);
        }
    }

    @Test
    void the_keyboard_alone_is_enough_and_always_shows_where_it_is() {
        try (Browser browser = Browser.setup().language("ru").open()) {
            browser.go(uri("/"));
            // The field has the focus already. What comes next comes with the next page, which has to load.
            browser.driver().manage().timeouts().implicitlyWait(Duration.ofSeconds(30));
            type(browser, "не номер", Keys.ENTER);
            assertThat(browser.find("[role=alert]").getText()).startsWith("Похоже, в номере ошибка");
            assertThat(focused(browser).getAttribute("aria-describedby")).startsWith("phone-error");

            new Actions(browser.driver())
                    .keyDown(Keys.CONTROL)
                    .sendKeys("a")
                    .keyUp(Keys.CONTROL)
                    .perform();
            type(browser, BORIS, Keys.ENTER);
            browser.find(".facts");
            assertThat(browser.text()).contains("Вы вошли", BORIS);

            tabTo(browser, "Выйти на этом устройстве");
            type(browser, Keys.ENTER);
            browser.find("#phone");
            assertThat(browser.address()).isEqualTo(uri("/login"));
        }
    }

    @Test
    void on_a_desk_in_daylight_no_page_in_any_state_keeps_anybody_out() {
        assertOpenToAll(Browser.setup(), "8 999 123-45-69", "x_bTIrwgXybeFTmZ6NkjtjuSYc40vLDvG5xxH4Q-BdU");
    }

    @Test
    void on_a_small_phone_in_the_dark_no_page_in_any_state_keeps_anybody_out() {
        Browser.Setup phone = Browser.setup().language("ru").inTheDark().size(320, 640);
        assertOpenToAll(phone, "8 999 123-45-70", "qZWb9gue6JnNlzkbLF61VcPc8nH_J31bzwb7VTapJho");
    }

    private static void assertOpenToAll(Browser.Setup setup, String phone, String legacyToken) {
        try (Browser browser = setup.open()) {
            Map<String, List<?>> violations = new LinkedHashMap<>();
            browser.go(uri("/login"));
            look(browser, "login", violations);
            enter(browser, "12");
            look(browser, "login with a malformed number", violations);
            enter(browser, "+79990000000");
            look(browser, "login with an unknown number", violations);

            comeWithTheOldCookie(browser, legacyToken);
            assertThat(browser.driver().findElements(By.cssSelector("main .notice")))
                    .hasSize(1);
            look(browser, "home by an old cookie", violations);
            browser.go(uri("/logout"));
            look(browser, "logout by an old cookie", violations);
            browser.go(uri("/login"));
            look(browser, "login while signed in", violations);

            enter(browser, phone);
            look(browser, "home", violations);
            browser.go(uri("/logout"));
            look(browser, "logout", violations);
            browser.go(uri("/nowhere"));
            look(browser, "not found", violations);
            browser.go(uri("/api/login"));
            look(browser, "wrong method", violations);

            assertThat(violations)
                    .hasSize(10)
                    .allSatisfy((page, found) -> assertThat(found).isEmpty());
        }
    }

    private static void look(Browser browser, String state, Map<String, List<?>> violations) {
        violations.put(state, Axe.violations(browser));
    }

    private static void comeWithTheOldCookie(Browser browser, String token) {
        browser.go(uri("/login"));
        browser.setCookie("auth_token", token);
        browser.go(uri("/"));
    }

    private static void signIn(Browser browser, String phone) {
        browser.go(uri("/"));
        assertThat(browser.address().getPath()).isEqualTo("/login");
        enter(browser, phone);
        assertThat(browser.address()).isEqualTo(uri("/"));
    }

    private static void enter(Browser browser, String phone) {
        WebElement field = browser.find("#phone");
        field.clear();
        field.sendKeys(phone);
        browser.follow("form button");
    }

    private static void type(Browser browser, CharSequence... keys) {
        new Actions(browser.driver()).sendKeys(keys).perform();
    }

    private static WebElement focused(Browser browser) {
        return browser.driver().switchTo().activeElement();
    }

    /** Presses Tab until the control with that text has the focus; each stop on the way must show a focus ring. */
    private static void tabTo(Browser browser, String text) {
        for (int i = 0; i < 20; i++) {
            type(browser, Keys.TAB);
            WebElement here = focused(browser);
            assertThat(Objects.requireNonNull(here.getCssValue("outline-style")))
                    .as(here.getText())
                    .isNotEqualTo("none");
            if (here.getText().equals(text)) {
                return;
            }
        }
        throw new AssertionError("the keyboard does not get to " + text);
    }
}
