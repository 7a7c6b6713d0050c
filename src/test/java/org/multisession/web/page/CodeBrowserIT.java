package org.multisession.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
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
import org.multisession.testing.Connector;
import org.multisession.testing.MemoryFolder;
import org.multisession.testing.SqliteApp;
import org.multisession.testing.TestCertificate;
import org.multisession.testing.TomcatServer;
import org.multisession.testing.TomcatVersion;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chromium.ChromiumNetworkConditions;
import org.openqa.selenium.interactions.Actions;

/** Sign-in by a code, in a real browser; the code is read where the newcomer reads it, in the log. */
@ParameterizedClass
@EnumSource(Connector.class)
@SuppressWarnings("NullAway.Init")
class CodeBrowserIT {

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
            database.addUser("+79991234577", null);
            tomcat = TomcatServer.of(TomcatVersion.V11)
                    .tls(TestCertificate.make(folder.path()))
                    .app("/", database, "multisession.code.attempts", "2")
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
    void a_code_signs_a_new_device_in_and_the_old_one_stays() {
        try (Browser oldPhone = Browser.setup().open();
                Browser desk = Browser.setup().language("ru").open()) {
            oldPhone.go(uri("/login"));
            oldPhone.setCookie("auth_token", "old_token_xyz123");

            ask(desk, "8 999 123-45-67");
            assertThat(desk.address().getPath()).isEqualTo("/login/code");
            assertThat(desk.text()).contains("Введите код", "+7 999 123-45-67");
            enter(desk, tomcat.nextCode("4567"));
            assertThat(desk.address()).isEqualTo(uri("/"));
            assertThat(desk.text()).contains("Вы вошли", "+7 999 123-45-67");

            oldPhone.go(uri("/"));
            assertThat(oldPhone.text()).contains("You are signed in", "+7 999 123-45-67");
        }
    }

    @Test
    void without_javascript_the_page_says_when_another_code_can_be_asked_for_and_a_code_with_a_space_signs_in() {
        try (Browser browser = Browser.setup().withoutJavaScript().open()) {
            ask(browser, "+7 999 123-45-68");
            assertThat(browser.text()).containsPattern("another code in (1:00|0:[0-5][0-9])");
            browser.follow("button[name=resend]");
            assertThat(browser.text()).contains("Too many codes were requested. The last code still works.");
            String code = tomcat.nextCode("4568");
            enter(browser, code.substring(0, 3) + " " + code.substring(3));
            assertThat(browser.address()).isEqualTo(uri("/"));
        }
    }

    @Test
    void the_code_page_says_how_many_attempts_and_how_much_time_are_left_and_a_wrong_number_can_be_mended() {
        try (Browser browser = Browser.setup().withoutJavaScript().open()) {
            ask(browser, "8 (999) 123-45-71");
            assertThat(browser.text())
                    .contains("+7 999 123-45-71")
                    .containsPattern("works for another.(5:00|4:5[0-9])");
            assertThat(browser.text()).doesNotContain("Attempts left", "A message can take");
            String code = tomcat.nextCode("4571");
            enter(browser, code.equals("000000") ? "000001" : "000000");
            assertThat(browser.text()).contains("Attempts left: 1");
            browser.find("summary").click();
            assertThat(browser.text()).contains("A message can take a minute or two to arrive.");
            browser.follow("a[href*='/login?']");
            assertThat(browser.address()).isEqualTo(uri("/login?edit=1"));
            assertThat(browser.find("#phone").getAttribute("value")).isEqualTo("+7 999 123-45-71");
            browser.go(uri("/login"));
            assertThat(browser.find("#phone").getAttribute("value")).isEmpty();
        }
    }

    @Test
    void who_must_wait_keeps_the_number_and_gets_the_button_when_it_is_time() {
        try (Browser browser = Browser.setup().open()) {
            ask(browser, "+7 999 123-45-72");
            ask(browser, "+7 999 123-45-72");
            assertThat(browser.address().getPath()).isEqualTo("/login");
            assertThat(browser.find("#phone").getAttribute("value")).isEqualTo("+7 999 123-45-72");
            assertThat(browser.text())
                    .contains("Too many codes were requested.")
                    .containsPattern("try again in.(1:00|0:[0-5][0-9])");
            assertThat(browser.find("form button").isEnabled()).isFalse();
            // Its clock jumps ahead, as when a phone was put away.
            browser.driver().executeScript("const now = Date.now; Date.now = () => now() + 61000;");
            browser.driver().manage().timeouts().implicitlyWait(Duration.ofSeconds(30));
            browser.find("form button:enabled");
            assertThat(browser.text()).doesNotContain("try again in");
            browser.follow("main form a.link");
            assertThat(browser.address()).isEqualTo(uri("/login/code"));
            assertThat(browser.find("#code").isDisplayed()).isTrue();
        }
    }

    @Test
    void who_must_wait_for_one_number_may_go_on_with_another_at_once_by_the_button_or_by_enter() {
        try (Browser browser = Browser.setup().open()) {
            ask(browser, "+7 999 123-45-74");
            ask(browser, "+7 999 123-45-74");
            assertThat(browser.find("form button").isEnabled()).isFalse();
            browser.find("#phone").sendKeys(Keys.END, Keys.BACK_SPACE, "5");
            assertThat(browser.find("form button").isEnabled()).isTrue();
            browser.follow("form button");
            assertThat(browser.address()).isEqualTo(uri("/login/code"));
            assertThat(browser.text()).contains("+7 999 123-45-75");

            ask(browser, "+7 999 123-45-75");
            assertThat(browser.find("form button").isEnabled()).isFalse();
            browser.find("#phone").sendKeys(Keys.END, Keys.BACK_SPACE, "6", Keys.ENTER);
            browser.driver().manage().timeouts().implicitlyWait(Duration.ofSeconds(30));
            browser.find("#code");
            assertThat(browser.text()).contains("+7 999 123-45-76");
        }
    }

    @Test
    void on_a_slow_line_a_double_click_sends_one_code_and_signs_in() {
        try (Browser browser = Browser.setup().open()) {
            browser.go(uri("/login"));
            browser.find("#phone").sendKeys("+7 999 123-45-77");
            doubleClickOnASlowLine(browser);
            assertThat(browser.text()).contains("Enter the code", "+7 999 123-45-77");
            browser.find("#code").sendKeys(tomcat.nextCode("4577"));
            doubleClickOnASlowLine(browser);
            assertThat(browser.text()).contains("You are signed in", "+7 999 123-45-77");
        }
    }

    /** The second click comes long before the answer to the first. */
    private static void doubleClickOnASlowLine(Browser browser) {
        ChromiumNetworkConditions slow = new ChromiumNetworkConditions();
        slow.setLatency(Duration.ofSeconds(1));
        slow.setDownloadThroughput(1_000_000);
        slow.setUploadThroughput(1_000_000);
        browser.driver().setNetworkConditions(slow);
        browser.leave(
                () -> new Actions(browser.driver())
                        .click(browser.find("form button"))
                        .pause(Duration.ofMillis(150))
                        .click()
                        .perform(),
                "a double click");
        browser.driver().deleteNetworkConditions();
    }

    @Test
    void after_signing_out_a_word_says_so_once() {
        try (Browser browser = Browser.setup().withoutJavaScript().open()) {
            ask(browser, "+7 999 123-45-73");
            enter(browser, tomcat.nextCode("4573"));
            browser.follow("form[action$=logout] button");
            assertThat(browser.find("[role=status]").getText()).isEqualTo("You’re signed out on this device.");
            browser.driver().navigate().refresh();
            assertThat(browser.text()).doesNotContain("You’re signed out");
        }
    }

    @Test
    void on_a_desk_in_daylight_the_code_page_keeps_nobody_out_in_any_state() {
        assertOpenToAll(Browser.setup(), "+7 999 123-45-69");
    }

    @Test
    void on_a_small_phone_in_the_dark_the_code_page_keeps_nobody_out_in_any_state() {
        assertOpenToAll(Browser.setup().language("ru").inTheDark().size(320, 640), "+7 999 123-45-70");
    }

    private static void assertOpenToAll(Browser.Setup setup, String phone) {
        try (Browser browser = setup.open()) {
            Map<String, List<?>> violations = new LinkedHashMap<>();
            ask(browser, phone);
            violations.put("fresh", Axe.violations(browser));
            String right = tomcat.nextCode(phone.substring(phone.length() - 5).replace("-", ""));
            String wrong = right.equals("000000") ? "000001" : "000000";
            enter(browser, "12");
            violations.put("malformed", Axe.violations(browser));
            enter(browser, wrong);
            violations.put("wrong", Axe.violations(browser));
            enter(browser, wrong);
            violations.put("used up", Axe.violations(browser));
            ask(browser, phone);
            violations.put("too many", Axe.violations(browser));
            assertThat(violations)
                    .hasSize(5)
                    .allSatisfy((page, found) -> assertThat(found).isEmpty());
        }
    }

    private static void ask(Browser browser, String phone) {
        browser.go(uri("/login"));
        browser.find("#phone").sendKeys(phone);
        browser.follow("form button");
    }

    private static void enter(Browser browser, String code) {
        WebElement field = browser.find("#code");
        field.clear();
        field.sendKeys(code);
        browser.follow("form button");
    }
}
