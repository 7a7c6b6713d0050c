package org.multisession.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.multisession.web.CookieRules;
import org.multisession.web.page.Brand;

class SettingsTest {

    private final Map<String, String> options = new HashMap<>();
    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();
    private final Map<String, String> parameters = new HashMap<>();

    private Settings read() {
        return Settings.read(sources()).settings();
    }

    private SettingSources sources() {
        return new SettingSources(options, properties, environment, parameters);
    }

    private List<String> faults() {
        return catchThrowableOfType(SetupRefusedException.class, this::read).faults();
    }

    @Test
    void without_any_setting_the_defaults_hold() {
        Settings settings = read();
        assertThat(settings.database().file().orElseThrow())
                .hasFileName("multi-session.db")
                .isAbsolute();
        assertThat(settings.createDatabase()).isTrue();
        assertThat(settings.session().idleTimeout()).isEqualTo(Duration.ofDays(30));
        assertThat(settings.cookie().name()).isEqualTo("auth_token");
        assertThat(settings.cookie().domain()).isNull();
    }

    @Test
    void a_missing_database_is_made_only_on_the_default_path_or_when_told_to() {
        parameters.put("multisession.db.url", "/somewhere/app.db");
        assertThat(read().createDatabase()).isFalse();
        parameters.put("multisession.db.create", "true");
        assertThat(read().createDatabase()).isTrue();
    }

    @Test
    void an_option_wins_over_a_system_property_and_that_over_the_environment_and_that_over_a_context_parameter() {
        parameters.put("multisession.db.pool-size", "3");
        assertThat(read().poolSize()).isEqualTo(3);
        environment.put("MULTISESSION_DB_POOL_SIZE", "4");
        assertThat(read().poolSize()).isEqualTo(4);
        properties.put("multisession.db.pool-size", "5");
        assertThat(read().poolSize()).isEqualTo(5);
        options.put("multisession.db.pool-size", "6");
        assertThat(read().poolSize()).isEqualTo(6);
    }

    @Test
    void every_fault_is_named_at_once() {
        parameters.put("multisession.db.pool-size", "0");
        parameters.put("multisession.session.idle-timeout", "30 days");
        environment.put("MULTISESSION_COOKIE_SAME_SITE", "sometimes");
        properties.put("multisession.cooky.name", "x");
        assertThat(faults())
                .hasSize(4)
                .anySatisfy(fault -> assertThat(fault)
                        .isEqualTo(
                                "multisession.db.pool-size = '0' (context parameter) must be a whole number from 1 to"
                                        + " 64"))
                .anySatisfy(fault -> assertThat(fault).startsWith("multisession.session.idle-timeout = '30 days'"))
                .anySatisfy(fault -> assertThat(fault)
                        .contains("(environment variable MULTISESSION_COOKIE_SAME_SITE) must be Strict, Lax or None"))
                .anySatisfy(fault -> assertThat(fault)
                        .isEqualTo("there is no setting multisession.cooky.name; did you mean"
                                + " multisession.cookie.name?"));
        assertThatThrownBy(this::read)
                .hasMessageStartingWith("4 settings are wrong:\n  1. multisession.db.pool-size = ")
                .hasMessageContaining("\n  4. there is no setting multisession.cooky.name; ");
    }

    @Test
    void an_unknown_environment_variable_of_ours_is_a_fault_and_others_are_not() {
        environment.put("MULTISESSION_DB_URI", "x");
        environment.put("MULTI_SESSION", "somebody else's");
        assertThat(faults())
                .containsExactly("there is no setting MULTISESSION_DB_URI; did you mean MULTISESSION_DB_URL?");
    }

    @Test
    void what_kubernetes_tells_of_a_service_called_as_we_are_is_not_meant_for_us() {
        for (String service : List.of("MULTISESSION", "MULTISESSION_SERVICE")) {
            for (String what : List.of(
                    "SERVICE_HOST",
                    "SERVICE_PORT",
                    "SERVICE_PORT_HTTP",
                    "PORT",
                    "PORT_8080_TCP",
                    "PORT_8080_TCP_PROTO",
                    "PORT_8080_TCP_PORT",
                    "PORT_8080_TCP_ADDR")) {
                environment.put(service + "_" + what, "10.0.0.1");
            }
        }
        read();

        environment.put("MULTISESSION_DB_PORT", "5432");
        assertThat(faults()).singleElement().asString().startsWith("there is no setting MULTISESSION_DB_PORT;");
    }

    @ParameterizedTest
    @ValueSource(strings = {"db.url", "DB_URL", "login.verification", "LIMIT_NUMBER_PER_HOUR"})
    void a_context_parameter_without_the_prefix_is_a_fault(String name) {
        parameters.put(name, "/a/b.db");
        String key = "multisession."
                + name.toLowerCase(Locale.ROOT).replaceFirst("_", ".").replace('_', '-');
        assertThat(faults())
                .singleElement()
                .asString()
                .startsWith("the context parameter " + name + " has no effect; did you mean " + key + "?");
    }

    @Test
    void an_address_of_a_database_without_the_prefix_is_a_fault_wherever_it_stands() {
        environment.put("DB_URL", "/a/b.db");
        environment.put("db.url", "/a/b.db");
        properties.put("db.url", "/a/b.db");
        assertThat(faults())
                .hasSize(3)
                .anySatisfy(fault -> assertThat(fault)
                        .startsWith("the environment variable DB_URL has no effect; did you mean MULTISESSION_DB_URL?")
                        .contains("set multisession.db.url as well"))
                .anySatisfy(fault -> assertThat(fault)
                        .startsWith("the environment variable db.url has no effect; did you mean MULTISESSION_DB_URL?"))
                .anySatisfy(fault -> assertThat(fault)
                        .startsWith("the system property db.url has no effect; did you mean multisession.db.url?"));
        // It is plain now which one is meant.
        parameters.put("multisession.db.url", "/c/d.db");
        assertThat(Settings.read(sources()).warnings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MULTISESSION_DB_URL",
                "multisession_db_url",
                "multisession.db_url",
                "multisession.dbUrl",
                "MultiSession.db.url",
                "multi-session.db.url",
                "MULTI_SESSION_DB_URL",
                "multisession.db.url"
            })
    void a_key_spelled_as_its_place_does_not_spell_it_is_a_fault_in_every_place(String name) {
        for (Map<String, String> place : List.of(parameters, environment, properties)) {
            if (name.equals(place == environment ? "MULTISESSION_DB_URL" : "multisession.db.url")) {
                continue;
            }
            place.put(name, "/a/b.db");
            assertThat(faults())
                    .singleElement()
                    .asString()
                    .contains(name, place == environment ? "MULTISESSION_DB_URL?" : "multisession.db.url?");
            place.clear();
        }
    }

    @Test
    void a_misspelled_key_is_a_fault_however_its_prefix_is_spelled() {
        parameters.put("MULTISESSION_DB_URI", "x");
        properties.put("MultiSession.stag", "x");
        environment.put("multisession.cooky.name", "x");
        assertThat(faults())
                .containsExactlyInAnyOrder(
                        "there is no setting MULTISESSION_DB_URI; did you mean multisession.db.url?",
                        "there is no setting MultiSession.stag; did you mean multisession.stage?",
                        "there is no setting multisession.cooky.name; did you mean MULTISESSION_COOKIE_NAME?");
    }

    @Test
    void what_may_be_another_programs_is_warned_of_without_its_value() {
        environment.put("COOKIE_DOMAIN", "their.example");
        environment.put("STAGE", "production");
        properties.put("sms.http.password", "their secret");
        assertThat(Settings.read(sources()).warnings())
                .containsExactlyInAnyOrder(
                        "the environment variable STAGE has no effect; did you mean MULTISESSION_STAGE?",
                        "the environment variable COOKIE_DOMAIN has no effect; did you mean MULTISESSION_COOKIE_DOMAIN?",
                        "the system property sms.http.password has no effect; did you mean"
                                + " multisession.sms.http.password?");
        environment.put("MULTISESSION_STAGE", "settle");
        assertThat(Settings.read(sources()).warnings()).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "multisession.db.url, /a/b.db?typo=1",
        "multisession.db.url, postgres://localhost/x",
        "multisession.db.url, jdbc:sqlite::memory:",
        "multisession.db.url, jdbc:sqlite:file:/a/b.db",
        "multisession.db.url, jdbc:postgresql://localhost/",
        "multisession.db.url, jdbc:postgresql://localhost",
        "multisession.db.url, jdbc:postgres://localhost/x",
        "multisession.db.url, java:jdbc/users",
        "multisession.db.create, yes",
        "multisession.db.pool-size, 65",
        "multisession.db.pool-size, many",
        "multisession.migration.backup, sometimes",
        "multisession.migration.backup-keep, 0",
        "multisession.stage, settled",
        "multisession.login.verification, maybe",
        "multisession.login.registration, ajar",
        "multisession.phone.region, Russia",
        "multisession.code.ttl, PT30S",
        "multisession.code.attempts, 0",
        "multisession.code.resend-after, PT0S",
        "multisession.limit.number-per-hour, 0",
        "multisession.limit.breaker-used-percent, 101",
        "multisession.sms.sender, pigeon",
        "multisession.sms.host, https://example.com",
        "multisession.sms.http.method, DELETE",
        "multisession.sms.http.timeout, PT2M",
        "multisession.sms.http.success, OK*",
        "multisession.sms.http.success, 2xx | not",
        "multisession.audit.keep, PT1H",
        "multisession.limit.countries, RU;KZ",
        "multisession.limit.countries, RUS",
        "multisession.limit.record-only, sometimes",
        "multisession.metrics.allow, localhost",
        "multisession.metrics.allow, 10.0.0.1/8",
        "multisession.metrics.allow, 10.0.0",
        "multisession.session.idle-timeout, PT59S",
        "multisession.session.idle-timeout, -P1D",
        "multisession.session.idle-timeout, NONE AT ALL",
        "multisession.session.max-lifetime, P1Y",
        "multisession.session.max-per-user, 0",
        "multisession.session.last-seen-interval, PT0S",
        "multisession.session.last-seen-interval, none",
        "multisession.cookie.name, auth token",
        "multisession.cookie.name, a=b",
        "multisession.cookie.path, auth",
        "multisession.cookie.path, /a;b",
        "multisession.cookie.domain, .example.com",
        "multisession.cookie.domain, exa mple",
        "multisession.cookie.domain, example-.com",
        "multisession.cookie.domain, example.-com",
        "multisession.cookie.domain, example.com-",
        "multisession.cookie.secure, no",
        "multisession.cookie.max-age, P401D",
        "multisession.cookie.former, auth token",
        "multisession.cookie.former, sid; Path=app",
        "multisession.cookie.former, sid; Domain=exa mple",
        "multisession.cookie.former, sid; Expires=never",
        "multisession.cookie.former, sid; Path",
        "multisession.cookie.former, sid; Path=/a; Path=/b",
        "multisession.cookie.former, sid |",
        "multisession.cookie.former, sid | ; Path=/",
        "multisession.cookie.name, ''",
        "multisession.brand.name, 0123456789012345678901234567890123456789012345678901234567890",
        "multisession.brand.logo, /nowhere/logo.png",
        "multisession.brand.logo, README.md",
        "multisession.brand.logo, src/main/webapp",
        "multisession.brand.home, shop",
        "multisession.brand.home, //shop.example",
        "multisession.brand.home, javascript:alert(1)",
        "multisession.brand.home, ftp://shop.example/",
    })
    void a_value_out_of_range_is_a_fault_that_names_key_value_and_range(String key, String value) {
        parameters.put(key, value);
        assertThat(faults())
                .singleElement()
                .asString()
                .startsWith(key + " = '" + value + "' (context parameter) must be ");
    }

    @Test
    void a_duration_in_months_is_refused_by_naming_the_units_that_there_are() {
        parameters.put("multisession.audit.keep", "P6M");
        assertThat(faults())
                .containsExactly(
                        "multisession.audit.keep = 'P6M' (context parameter) must be an ISO 8601 duration in days,"
                                + " hours, minutes and seconds from P1D to P3650D");
    }

    @Test
    void the_cookies_of_before_are_names_with_paths_and_domains() {
        assertThat(read().cookie().former()).isEmpty();
        parameters.put(
                "multisession.cookie.former",
                "auth_token; Domain=.Example.com | sid; path=/app; domain=example.com | old | auth_token; Path=/a=b");
        assertThat(read().cookie().former())
                .containsExactly(
                        new CookieRules.Place("auth_token", "/", "example.com"),
                        new CookieRules.Place("sid", "/app", "example.com"),
                        new CookieRules.Place("old", "/", null),
                        new CookieRules.Place("auth_token", "/a=b", null));
        parameters.put("multisession.cookie.former", "x | ".repeat(20) + "x");
        assertThat(faults()).singleElement().asString().contains("up to 20");
    }

    @Test
    void a_name_that_promises_a_browser_something_must_keep_it() {
        parameters.put("multisession.cookie.name", "__Host-auth_token");
        parameters.put("multisession.cookie.domain", "example.com");
        parameters.put("multisession.cookie.path", "/app");
        assertThat(faults())
                .hasSize(3)
                .allSatisfy(fault -> assertThat(fault).contains("__Host-auth_token", "browsers drop the cookie"))
                .anySatisfy(fault -> assertThat(fault).contains("multisession.cookie.secure = always"))
                .anySatisfy(fault -> assertThat(fault).contains("multisession.cookie.path = /"))
                .anySatisfy(fault -> assertThat(fault).contains("multisession.cookie.domain"));
        parameters.remove("multisession.cookie.domain");
        parameters.remove("multisession.cookie.path");
        parameters.put("multisession.cookie.secure", "always");
        assertThat(read().cookie().name()).isEqualTo("__Host-auth_token");
        parameters.put("multisession.cookie.name", "__Secure-auth_token");
        parameters.put("multisession.cookie.domain", "example.com");
        assertThat(read().cookie().name()).isEqualTo("__Secure-auth_token");
        parameters.put("multisession.cookie.secure", "auto");
        assertThat(faults()).singleElement().asString().contains("multisession.cookie.secure = always");
    }

    @Test
    void a_cross_site_cookie_that_is_never_secure_is_a_fault() {
        parameters.put("multisession.cookie.same-site", "none");
        parameters.put("multisession.cookie.secure", "never");
        assertThat(faults()).singleElement().asString().contains("browsers drop the cookie");
    }

    @Test
    void good_values_are_taken_as_they_are_meant() {
        parameters.put("multisession.db.url", "jdbc:sqlite:/var/lib/app/old app#1.db");
        parameters.put("multisession.session.idle-timeout", "none");
        parameters.put("multisession.session.max-lifetime", "PT12H");
        parameters.put("multisession.cookie.same-site", "strict");
        parameters.put("multisession.cookie.secure", "always");
        parameters.put("multisession.cookie.domain", "example.com");
        parameters.put("multisession.phone.region", "KZ");
        Settings settings = read();
        assertThat(settings.database().file()).contains(Path.of("/var/lib/app/old app#1.db"));
        assertThat(settings.session().idleTimeout()).isNull();
        assertThat(settings.session().maxLifetime()).isEqualTo(Duration.ofHours(12));
        assertThat(settings.cookie().sameSite()).isEqualTo(CookieRules.SameSite.STRICT);
        assertThat(settings.cookie().secure()).isEqualTo(CookieRules.Secure.ALWAYS);
        assertThat(settings.cookie().domain()).isEqualTo("example.com");
        assertThat(settings.phoneRegion()).isEqualTo("KZ");
    }

    @Test
    void a_database_of_a_server_has_an_account() {
        parameters.put("multisession.db.url", "jdbc:postgresql://db1,db2:5433/app?targetServerType=primary");
        assertThat(faults()).containsExactly("multisession.db.user is missing: the account on the PostgreSQL server");
        parameters.put("multisession.db.user", "multisession");
        parameters.put("multisession.db.password", "s3cret&=");
        assertThat(read().database())
                .isEqualTo(new DatabaseLocation.PostgresUrl(
                        "jdbc:postgresql://db1,db2:5433/app?targetServerType=primary", "multisession", "s3cret&="));
        assertThat(Settings.read(sources()).effective()).noneMatch(line -> line.contains("s3cret"));
        parameters.put("multisession.db.url", "jdbc:postgresql://db1,db2:5433/app?targetServerType=preferPrimary");
        assertThat(faults())
                .containsExactly(
                        "multisession.db.url must name targetServerType=primary or none: a standby does not know"
                                + " of the latest sign-outs");
        parameters.put("multisession.db.url", "jdbc:postgresql://db1,db2:5433/app?targetServerType=primary");
        parameters.put("multisession.db.pool-size", "1");
        assertThat(faults()).containsExactly("multisession.db.pool-size must be at least 2 on PostgreSQL");
    }

    @Test
    void an_account_is_named_once() {
        parameters.put("multisession.db.url", "jdbc:postgresql://db/app?ssl=true&user=one");
        parameters.put("multisession.db.user", "other");
        assertThat(faults())
                .containsExactly(
                        "multisession.db.url names an account as well as multisession.db.user: remove one of the two");
        parameters.remove("multisession.db.user");
        assertThat(read().database()).isInstanceOf(DatabaseLocation.PostgresUrl.class);
    }

    @Test
    void a_password_in_an_address_is_shown_nowhere() {
        parameters.put("multisession.db.url", "jdbc:postgresql://db/app?user=a&password=s3cret:x@/&ssl=true");
        Settings.Read read = Settings.read(sources());
        assertThat(read.settings().database())
                .hasToString("jdbc:postgresql://db/app?user=a&password=•••&ssl=true")
                .isInstanceOf(DatabaseLocation.PostgresUrl.class);
        assertThat(read.effective()).noneMatch(line -> line.contains("s3cret"));
        for (String wrong : List.of(
                "postgres://a:s3cret@db/app",
                "jdbc:postgresql://a:s3cret@db/app",
                "jdbc:postgresql://db/?user=a&password=s3cret&ssl=true")) {
            parameters.put("multisession.db.url", wrong);
            assertThat(faults()).singleElement().asString().contains("•••").doesNotContain("s3cret");
        }
    }

    @Test
    void a_pool_of_tomcats_is_named() {
        parameters.put("multisession.db.url", "java:comp/env/jdbc/users");
        assertThat(read().database()).isEqualTo(new DatabaseLocation.JndiName("java:comp/env/jdbc/users"));
        parameters.put("multisession.db.user", "a");
        assertThat(faults())
                .singleElement()
                .asString()
                .startsWith("multisession.db.user has no effect: the pool of Tomcat has its own");
        parameters.put("multisession.db.pool-size", "8");
        assertThat(faults()).hasSize(2);
    }

    @Test
    void a_key_of_another_kind_of_database_is_a_fault() {
        parameters.put("multisession.db.url", "jdbc:postgresql:app");
        parameters.put("multisession.db.user", "a");
        parameters.put("multisession.db.create", "true");
        parameters.put("multisession.migration.backup", "auto");
        parameters.put("multisession.migration.backup-keep", "5");
        assertThat(faults()).hasSize(3).allSatisfy(fault -> assertThat(fault).contains("is for SQLite. "));
        parameters.clear();
        parameters.put("multisession.db.password", "s3cret");
        assertThat(faults())
                .containsExactly("multisession.db.password is for PostgreSQL, and the database is a SQLite file");
    }

    @Test
    void a_brand_is_what_people_know() {
        assertThat(read().brand().getName()).isEqualTo("Multi-Session");
        assertThat(read().brand().isPictured()).isFalse();
        parameters.put("multisession.brand.name", "Лавка & Co");
        parameters.put("multisession.brand.logo", "src/main/webapp/static/icon.svg");
        parameters.put("multisession.brand.support", "mailto:help@example.com");
        parameters.put("multisession.brand.home", "https://shop.example:8443/start?a=b");
        Brand brand = read().brand();
        assertThat(brand.getName()).isEqualTo("Лавка & Co");
        assertThat(Objects.requireNonNull(brand.logo()).type()).isEqualTo("image/svg+xml");
        assertThat(brand.isSupportALink()).isTrue();
        assertThat(brand.getHome()).isEqualTo("https://shop.example:8443/start?a=b");
        parameters.put("multisession.brand.home", "/shop/");
        assertThat(read().brand().getHome()).isEqualTo("/shop/");
        for (String words : List.of("Ask at the desk", "javascript:alert(1)", "data:text/html,x")) {
            parameters.put("multisession.brand.support", words);
            assertThat(read().brand().isSupportALink()).as(words).isFalse();
        }
    }

    @Test
    void a_gateway_needs_an_address_and_the_host_that_the_message_names() {
        parameters.put("multisession.sms.sender", "http");
        assertThat(faults())
                .hasSize(2)
                .anySatisfy(fault -> assertThat(fault).contains("needs multisession.sms.http.url"))
                .anySatisfy(fault -> assertThat(fault).contains("needs multisession.sms.host"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "multisession.sms.http.url~ftp://gateway/{phone}",
                "multisession.sms.http.url~not an address {phone}",
                "multisession.sms.http.headers~no-colon-secret",
                "multisession.sms.http.headers~Host: secret",
                "multisession.sms.http.password~ ",
            })
    void a_wrong_secret_is_a_fault_that_does_not_repeat_it(String key, String value) {
        parameters.put(key, value == null ? "" : value);
        assertThat(faults()).singleElement().asString().startsWith(key + " = '•••' (context parameter) must be ");
    }

    @Test
    void the_headers_of_a_gateway_are_read_and_masked() {
        parameters.put("multisession.sms.sender", "http");
        parameters.put("multisession.sms.host", "id.example.com");
        parameters.put("multisession.sms.http.url", "https://gateway.example/send?to={phone}&text={text}");
        parameters.put("multisession.sms.http.headers", "Content-Type: application/json | X-Key: se:cret");
        Settings.Read read = Settings.read(sources());
        var gateway = java.util.Objects.requireNonNull(read.settings().sms().gateway());
        assertThat(gateway.headers())
                .extracting(header -> header.name() + "=" + header.value())
                .containsExactly("Content-Type=application/json", "X-Key=se:cret");
        assertThat(String.join(" ", read.effective())).doesNotContain("cret").contains("headers = •••");
    }

    @Test
    void a_session_in_use_must_be_written_before_it_would_run_out() {
        parameters.put("multisession.session.idle-timeout", "PT30M");
        assertThat(read().session().idleTimeout()).isEqualTo(Duration.ofMinutes(30));
        parameters.put("multisession.session.last-seen-interval", "PT20M");
        assertThat(faults()).singleElement().asString().contains("must be at least twice");
    }

    @Test
    void an_empty_address_of_the_database_is_one_fault_that_names_no_other_database() {
        environment.put("MULTISESSION_DB_URL", "");
        assertThat(faults())
                .singleElement()
                .asString()
                .startsWith("multisession.db.url = '' (environment variable MULTISESSION_DB_URL) must be ");
    }

    /** Half of a character outside of the plane that UTF-16 began with stands for a letter no encoding of a locale has. */
    @Test
    void a_path_with_letters_that_the_locale_does_not_have_is_a_fault_that_names_the_encoding() {
        parameters.put("multisession.db.url", "/srv/\uD800.db");
        assertThat(faults())
                .singleElement()
                .asString()
                .contains("runs in the encoding " + System.getProperty("sun.jnu.encoding"), "LC_ALL=C.UTF-8");
    }

    @Test
    void a_missing_file_is_named_together_with_the_other_faults() {
        parameters.put("multisession.db.url", "/nowhere/app.db");
        parameters.put("multisession.db.pool-size", "0");
        assertThat(faults()).hasSize(2).contains("there is no file /nowhere/app.db (multisession.db.url)");
    }

    @Test
    void a_gateway_that_would_get_no_message_or_half_its_credentials_is_a_fault() {
        parameters.put("multisession.sms.sender", "http");
        parameters.put("multisession.sms.host", "id.example.com");
        parameters.put("multisession.sms.http.url", "https://gateway.example/send");
        parameters.put("multisession.sms.http.password", "secret");
        assertThat(faults())
                .hasSize(2)
                .anySatisfy(fault -> assertThat(fault).contains("must contain {phone}"))
                .anySatisfy(fault -> assertThat(fault).contains("needs multisession.sms.http.user"));
        parameters.put("multisession.sms.http.user", "name");
        parameters.put("multisession.sms.http.body", "to={phone}&text={text}");
        assertThat(read().sms().gateway()).isNotNull();
    }

    @Test
    void the_log_tells_every_effective_setting_and_where_it_came_from() {
        environment.put("MULTISESSION_DB_POOL_SIZE", "4");
        List<String> effective = Settings.read(sources()).effective();
        assertThat(effective)
                .hasSize(Settings.ALL.size())
                .contains("multisession.db.pool-size = 4 (environment variable MULTISESSION_DB_POOL_SIZE)")
                .contains("multisession.cookie.name = auth_token (default)")
                .contains("multisession.cookie.domain = not set");
    }

    @Test
    void a_second_gateway_is_read_as_the_first_and_needs_it() {
        parameters.put("multisession.sms.fallback.url", "https://two.example.com/?to={phone}&text={text}");
        assertThat(faults()).containsExactly("multisession.sms.fallback.url needs multisession.sms.sender = http");
        parameters.put("multisession.sms.sender", "http");
        parameters.put("multisession.sms.host", "id.example.com");
        parameters.put("multisession.sms.http.url", "https://one.example.com/?to={phone}&text={text}");
        parameters.put("multisession.sms.fallback.timeout", "PT3S");
        assertThat(Objects.requireNonNull(read().sms().gateway()).timeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(Objects.requireNonNull(read().sms().fallback()).timeout()).isEqualTo(Duration.ofSeconds(3));
        parameters.put("multisession.sms.fallback.url", "https://two.example.com/");
        assertThat(faults())
                .singleElement()
                .asString()
                .startsWith("multisession.sms.fallback.url and multisession.sms.fallback.body must contain {phone}");
        parameters.remove("multisession.sms.fallback.url");
        assertThat(read().sms().fallback()).isNull();
    }

    /** The table as the keys declare themselves. Whoever adds one copies what a failure of this shows. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "+79990000001=123456",
                "+79990000001=123456 until 2026-02-30",
                "+79990000001=12345 until 2026-12-31",
                "89990000001=123456 until 2026-12-31",
                "+79990000001=123456 until 2026-12-31,"
            })
    void a_test_number_without_a_code_and_a_day_is_a_fault_that_does_not_repeat_it(String value) {
        parameters.put("multisession.login.test-numbers", value);
        assertThat(faults())
                .singleElement()
                .asString()
                .startsWith("multisession.login.test-numbers = '•••' (context parameter) must be ");
    }

    @Test
    void the_table_of_the_documents_tells_every_key_as_it_is_declared() throws IOException {
        String table = Settings.ALL.stream()
                .map(setting -> "| `%s` | %s | %s | %s |"
                        .formatted(
                                setting.key(),
                                setting.fallback() == null ? "–" : "`" + setting.fallback() + "`",
                                cell(setting.range().replaceAll("[*`]", "\\\\$0")),
                                cell(setting.meaning())))
                .collect(Collectors.joining("\n", "| key | default | value | meaning |\n|---|---|---|---|\n", "\n"));
        assertThat(Files.readString(Path.of("docs/configuration.md"))).contains(table);
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }
}
