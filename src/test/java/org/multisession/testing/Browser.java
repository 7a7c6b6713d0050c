package org.multisession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.openqa.selenium.By;
import org.openqa.selenium.Cookie;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebDriverException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/** A real browser without a window: the Chromium that is {@link Installed}, never one that a tool downloads. */
public final class Browser implements AutoCloseable {

    private static final Duration PAGE_TIMEOUT = Duration.ofSeconds(30);
    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final Path CHROMEDRIVER = Path.of("/usr/bin/chromedriver");

    // Selenium warns of every browser that is newer than itself. Held here, or the setting would be collected.
    private static final Logger SELENIUM_LOG = Logger.getLogger("org.openqa.selenium");

    static {
        SELENIUM_LOG.setLevel(Level.SEVERE);
    }

    private final Path profile;
    private final ChromeDriver driver;

    private Browser(Path profile, ChromeDriver driver) {
        this.profile = profile;
        this.driver = driver;
    }

    /** How a person's browser is set up; change what matters, then {@link #open()}. */
    public record Setup(String language, boolean dark, boolean javaScript, int width, int height) {
        /** BCP 47, for example {@code ru}: what {@code Accept-Language} says first. */
        public Setup language(String newLanguage) {
            return new Setup(newLanguage, dark, javaScript, width, height);
        }

        /** Prefers dark pages. */
        public Setup inTheDark() {
            return new Setup(language, true, javaScript, width, height);
        }

        /** Runs no script of any page. */
        public Setup withoutJavaScript() {
            return new Setup(language, dark, false, width, height);
        }

        /** The size of the window in CSS pixels. */
        public Setup size(int newWidth, int newHeight) {
            return new Setup(language, dark, javaScript, newWidth, newHeight);
        }

        /** Opens a browser that nobody has used before. */
        public Browser open() {
            Installed.require("a browser", "chromium chromium-driver", CHROMIUM, CHROMEDRIVER);
            try {
                Path profile = Files.createTempDirectory("browser-");
                try {
                    return new Browser(profile, start(profile));
                } catch (RuntimeException | Error e) {
                    TempFiles.delete(profile);
                    throw e;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private ChromeDriver start(Path profile) {
            ChromeOptions options = new ChromeOptions();
            options.setBinary(CHROMIUM.toFile());
            options.addArguments(
                    "--headless=new",
                    "--user-data-dir=" + profile,
                    "--lang=" + language,
                    "--window-size=" + width + "," + height,
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    // Containers often have little shared memory.
                    "--disable-dev-shm-usage",
                    // A test talks to this machine alone.
                    "--host-resolver-rules=MAP *.example.com 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost,"
                            + " EXCLUDE 127.0.0.1");
            // Our own certificates are signed by nobody.
            options.setAcceptInsecureCerts(true);
            if (System.getProperty("user.name", "").equals("root")) {
                // Chromium's sandbox refuses to work for root.
                options.addArguments("--no-sandbox");
            }
            options.setExperimentalOption(
                    "prefs",
                    Map.of(
                            "intl.accept_languages",
                            language,
                            "profile.default_content_setting_values.javascript",
                            javaScript ? 1 : 2));
            ChromeDriverService service = new ChromeDriverService.Builder()
                    .usingDriverExecutable(CHROMEDRIVER.toFile())
                    .usingAnyFreePort()
                    .withSilent(true)
                    // What the browser writes outside its profile shall go there as well.
                    .withEnvironment(Map.of(
                            "XDG_CONFIG_HOME", profile.toString(),
                            "XDG_CACHE_HOME", profile.toString(),
                            "TMPDIR", profile.toString()))
                    .build();
            ChromeDriver driver = new ChromeDriver(service, options);
            // Exactly the size that was asked for: the window's own parts would take their share.
            driver.executeCdpCommand(
                    "Emulation.setDeviceMetricsOverride",
                    Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
            driver.executeCdpCommand(
                    "Emulation.setEmulatedMedia",
                    Map.of(
                            "features",
                            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
            return driver;
        }
    }

    /** An English browser on a desk, in daylight, with JavaScript. */
    public static Setup setup() {
        return new Setup("en", false, true, 1280, 800);
    }

    /** Goes to an address. */
    public void go(URI address) {
        driver.get(address.toString());
    }

    /** The address that is shown. */
    public URI address() {
        return URI.create(driver.getCurrentUrl());
    }

    /** The first element that a CSS selector finds; fails if there is none. */
    public WebElement find(String selector) {
        return driver.findElement(By.cssSelector(selector));
    }

    /** Clicks what leads to another page, and returns when that has come: a click alone may return before. */
    public void follow(String selector) {
        leave(() -> find(selector).click(), "a click on " + selector);
    }

    /** The same for whatever else leads to another page. */
    public void leave(Runnable act, String name) {
        WebElement page = find("html");
        act.run();
        long deadline = System.nanoTime() + PAGE_TIMEOUT.toNanos();
        while (isStillThere(page)) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("no other page came after " + name);
            }
        }
    }

    private static boolean isStillThere(WebElement page) {
        try {
            return page.isEnabled();
        } catch (WebDriverException e) {
            // Stale, or in the moment of the change an inner error of the driver.
            return false;
        }
    }

    /** The text of the page, as it is visible. */
    public String text() {
        return find("body").getText();
    }

    /** Sets a cookie of the host that is shown. */
    public void setCookie(String name, String value) {
        driver.manage().addCookie(new Cookie(name, value));
    }

    /** A cookie of the address that is shown, HttpOnly or not. */
    public Optional<Cookie> cookie(String name) {
        return Optional.ofNullable(driver.manage().getCookieNamed(name));
    }

    /** Writes what is visible as a PNG file. */
    public void screenshot(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Everything else that Selenium can do. */
    public ChromeDriver driver() {
        return driver;
    }

    @Override
    public void close() {
        try {
            driver.quit();
        } finally {
            TempFiles.delete(profile);
        }
    }
}
