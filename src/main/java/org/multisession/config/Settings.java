package org.multisession.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.multisession.auth.LoginRules;
import org.multisession.auth.LoginRules.Registration;
import org.multisession.auth.LoginRules.Verification;
import org.multisession.auth.Services;
import org.multisession.otp.CodeRules;
import org.multisession.otp.HttpSender;
import org.multisession.otp.HttpSender.Gateway.Header;
import org.multisession.otp.SuccessPattern;
import org.multisession.phone.PhoneNumbers;
import org.multisession.session.SessionRules;
import org.multisession.session.Stage;
import org.multisession.web.CookieRules;
import org.multisession.web.page.Brand;
import org.multisession.web.page.Logo;

/**
 * Everything that can be set, read once at deploy. A fault is never replaced by a default: all of them are collected
 * and refused together, and so is a key that does not exist.
 *
 * @param database the SQLite file
 * @param createDatabase whether a missing file may be made
 * @param migrationBackup whether an existing database is copied before something is changed in it
 * @param phoneRegion region of numbers typed without a country code
 */
public record Settings(
        Path database,
        boolean createDatabase,
        int poolSize,
        MigrationBackup migrationBackup,
        Stage stage,
        LoginRules login,
        String phoneRegion,
        CodeRules code,
        Sms sms,
        SessionRules session,
        CookieRules cookie,
        Brand brand,
        Duration auditKeep) {

    /**
     * How codes are delivered.
     *
     * @param host the host name that a message names; null where none leaves the machine
     * @param gateway null for the log
     */
    public record Sms(@Nullable String host, HttpSender.@Nullable Gateway gateway) {}

    private enum Sender {
        LOG,
        HTTP
    }

    /** Whether the migration makes a backup before its first change. */
    public enum MigrationBackup {
        AUTO,
        OFF
    }

    /** Java's HTTP client sets these itself. */
    private static final Set<String> FORBIDDEN_HEADERS =
            Set.of("connection", "content-length", "expect", "host", "upgrade");

    private static final String HOST_NAME =
            "[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?(\\.[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?)*";

    private static final Setting<String> DB_URL = new Setting<>(
            "multisession.db.url",
            "jdbc:sqlite:${catalina.base}/multi-session/multi-session.db",
            "jdbc:sqlite: and the path of a database file, or such a path alone, without parameters",
            false,
            Settings::withPlaceholders);
    private static final Setting<Optional<Boolean>> DB_CREATE =
            new Setting<>("multisession.db.create", null, "true or false", false, text -> Optional.of(bool(text)));
    private static final Setting<Integer> POOL_SIZE = whole("multisession.db.pool-size", 8, 1, 64);
    private static final Setting<MigrationBackup> MIGRATION_BACKUP =
            choice("multisession.migration.backup", MigrationBackup.AUTO);
    private static final Setting<Stage> STAGE = choice("multisession.stage", Stage.COEXIST);
    private static final Setting<Verification> VERIFICATION =
            choice("multisession.login.verification", Verification.CODE);
    private static final Setting<Registration> REGISTRATION =
            choice("multisession.login.registration", Registration.CLOSED);
    private static final Setting<String> REGION = new Setting<>(
            "multisession.phone.region",
            "RU",
            "the ISO 3166 code of a country, as RU or DE",
            false,
            text -> require(text, PhoneNumbers.knowsRegion(text)));
    private static final Setting<Duration> CODE_TTL =
            duration("multisession.code.ttl", "PT5M", Duration.ofMinutes(1), Duration.ofMinutes(30));
    private static final Setting<Integer> CODE_ATTEMPTS = whole("multisession.code.attempts", 5, 1, 10);
    private static final Setting<Duration> CODE_RESEND_AFTER =
            duration("multisession.code.resend-after", "PT1M", Duration.ofSeconds(5), Duration.ofHours(1));
    private static final Setting<Integer> LIMIT_NUMBER_HOUR = whole("multisession.limit.number-per-hour", 5, 1, 100);
    private static final Setting<Integer> LIMIT_NUMBER_DAY = whole("multisession.limit.number-per-day", 10, 1, 1000);
    private static final Setting<Integer> LIMIT_ADDRESS_HOUR =
            whole("multisession.limit.address-per-hour", 20, 1, 100_000);
    private static final Setting<Integer> LIMIT_PREFIX_DAY =
            whole("multisession.limit.prefix-per-day", 100, 1, 1_000_000);
    private static final Setting<Integer> LIMIT_TOTAL_DAY =
            whole("multisession.limit.total-per-day", 5000, 1, 10_000_000);
    private static final Setting<Integer> BREAKER_SENT = whole("multisession.limit.breaker-sent", 100, 10, 1_000_000);
    private static final Setting<Integer> BREAKER_USED_PERCENT =
            whole("multisession.limit.breaker-used-percent", 10, 0, 100);
    private static final Setting<Sender> SMS_SENDER = choice("multisession.sms.sender", Sender.LOG);
    private static final Setting<Optional<String>> SMS_HOST = new Setting<>(
            "multisession.sms.host",
            null,
            "the host name of the sign-in page, as id.example.com",
            false,
            text -> Optional.of(require(text, Pattern.matches(HOST_NAME, text))));
    private static final Setting<String> SMS_METHOD = new Setting<>(
            "multisession.sms.http.method",
            "POST",
            "GET, POST or PUT",
            false,
            text -> require(text, Set.of("GET", "POST", "PUT").contains(text)));
    private static final Setting<Optional<String>> SMS_URL = new Setting<>(
            "multisession.sms.http.url",
            null,
            "an http or https address, in which {phone}, {text} and {code} may stand",
            true,
            text -> Optional.of(require(text, isGatewayAddress(text))));
    private static final Setting<Optional<List<Header>>> SMS_HEADERS = new Setting<>(
            "multisession.sms.http.headers",
            null,
            "headers as 'Name: value', separated by ' | '",
            true,
            text -> Optional.of(headers(text)));
    private static final Setting<Optional<String>> SMS_BODY = new Setting<>(
            "multisession.sms.http.body",
            null,
            "the body, in which {phone}, {text} and {code} may stand",
            true,
            Optional::of);
    private static final Setting<Optional<String>> SMS_USER = new Setting<>(
            "multisession.sms.http.user",
            null,
            "a name without a colon",
            false,
            text -> Optional.of(require(text, !text.contains(":"))));
    private static final Setting<Optional<String>> SMS_PASSWORD =
            new Setting<>("multisession.sms.http.password", null, "a password", true, Optional::of);
    private static final Setting<Duration> SMS_TIMEOUT =
            duration("multisession.sms.http.timeout", "PT10S", Duration.ofSeconds(1), Duration.ofMinutes(1));
    private static final Setting<SuccessPattern> SMS_SUCCESS = new Setting<>(
            "multisession.sms.http.success",
            "2xx",
            "a status (2xx, or as 200,201), then, each behind ' | ', what the body must look like, as *OK*, or must not,"
                    + " as not *error*",
            false,
            SuccessPattern::parse);
    private static final Setting<Optional<Duration>> IDLE_TIMEOUT =
            durationOrNone("multisession.session.idle-timeout", "P30D");
    private static final Setting<Optional<Duration>> MAX_LIFETIME =
            durationOrNone("multisession.session.max-lifetime", "P365D");
    private static final Setting<Integer> MAX_PER_USER = whole("multisession.session.max-per-user", 50, 1, 10_000);
    private static final Setting<Duration> LAST_SEEN_INTERVAL =
            duration("multisession.session.last-seen-interval", "PT1M", Duration.ofSeconds(1), Duration.ofDays(1));
    private static final Setting<String> COOKIE_NAME = new Setting<>(
            "multisession.cookie.name",
            "auth_token",
            "a cookie name (RFC 6265: letters, digits and !#$%&'*+-.^_`|~)",
            false,
            text -> require(text, Pattern.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", text)));
    private static final Setting<String> COOKIE_PATH = new Setting<>(
            "multisession.cookie.path",
            "/",
            "a path that begins with /, without spaces and semicolons",
            false,
            text -> require(text, Pattern.matches("/[!-:<-~]{0,255}", text)));
    private static final Setting<Optional<String>> COOKIE_DOMAIN = new Setting<>(
            "multisession.cookie.domain",
            null,
            "a host name such as example.com",
            false,
            text -> Optional.of(require(text, Pattern.matches(HOST_NAME, text))));
    private static final Setting<CookieRules.SameSite> COOKIE_SAME_SITE = new Setting<>(
            "multisession.cookie.same-site",
            "Lax",
            "Strict, Lax or None",
            false,
            text -> Arrays.stream(CookieRules.SameSite.values())
                    .filter(value -> value.text().equalsIgnoreCase(text))
                    .findFirst()
                    .orElseThrow(IllegalArgumentException::new));
    private static final Setting<CookieRules.Secure> COOKIE_SECURE =
            choice("multisession.cookie.secure", CookieRules.Secure.AUTO);
    private static final Setting<Duration> COOKIE_MAX_AGE =
            duration("multisession.cookie.max-age", "P365D", Duration.ofMinutes(1), Duration.ofDays(400));

    private static final Setting<Optional<List<CookieRules.Place>>> COOKIE_FORMER = new Setting<>(
            "multisession.cookie.former",
            null,
            "up to 20 cookies as 'NAME; Path=/path; Domain=example.com', separated by ' | '; Path is / if left out",
            false,
            text -> Optional.of(places(text)));

    private static final Setting<String> BRAND_NAME = new Setting<>(
            "multisession.brand.name",
            "Multi-Session",
            "a line of at most 60 characters",
            false,
            text -> require(text, Brand.isText(text) && text.length() <= 60));
    private static final Setting<Optional<Logo>> BRAND_LOGO = new Setting<>(
            "multisession.brand.logo",
            null,
            "a readable file of at most 100 KiB: a PNG, JPEG, WebP or SVG picture",
            false,
            text -> Optional.of(Logo.read(Path.of(withPlaceholders(text)))));
    private static final Setting<Optional<String>> BRAND_SUPPORT = new Setting<>(
            "multisession.brand.support",
            null,
            "a link (https:, mailto: or tel:) or a line, of at most 200 characters",
            false,
            text -> Optional.of(require(text, Brand.isText(text))));
    private static final Setting<Optional<String>> BRAND_HOME = new Setting<>(
            "multisession.brand.home",
            null,
            "a path of the same host, as /shop/, or the address of a site, as https://example.com/",
            false,
            text -> Optional.of(require(text, Brand.isHome(text))));
    private static final Setting<Duration> AUDIT_KEEP =
            duration("multisession.audit.keep", "P180D", Duration.ofDays(1), Duration.ofDays(3650));

    /** Every key, in the order of the README's table. */
    static final List<Setting<?>> ALL = List.of(
            DB_URL,
            DB_CREATE,
            POOL_SIZE,
            MIGRATION_BACKUP,
            STAGE,
            VERIFICATION,
            REGISTRATION,
            REGION,
            CODE_TTL,
            CODE_ATTEMPTS,
            CODE_RESEND_AFTER,
            LIMIT_NUMBER_HOUR,
            LIMIT_NUMBER_DAY,
            LIMIT_ADDRESS_HOUR,
            LIMIT_PREFIX_DAY,
            LIMIT_TOTAL_DAY,
            BREAKER_SENT,
            BREAKER_USED_PERCENT,
            SMS_SENDER,
            SMS_HOST,
            SMS_METHOD,
            SMS_URL,
            SMS_HEADERS,
            SMS_BODY,
            SMS_USER,
            SMS_PASSWORD,
            SMS_TIMEOUT,
            SMS_SUCCESS,
            IDLE_TIMEOUT,
            MAX_LIFETIME,
            MAX_PER_USER,
            LAST_SEEN_INTERVAL,
            COOKIE_NAME,
            COOKIE_PATH,
            COOKIE_DOMAIN,
            COOKIE_SAME_SITE,
            COOKIE_SECURE,
            COOKIE_MAX_AGE,
            COOKIE_FORMER,
            BRAND_NAME,
            BRAND_LOGO,
            BRAND_SUPPORT,
            BRAND_HOME,
            AUDIT_KEEP);

    /** Every key, in the order of the README's table. */
    public static List<String> keys() {
        return ALL.stream().<String>map(Setting::key).toList();
    }

    /**
     * What was read.
     *
     * @param effective each effective value with where it came from, secrets masked, for the log
     * @param warnings what may have been meant otherwise, for the log
     */
    public record Read(Settings settings, List<String> effective, List<String> warnings) {}

    /** What they say of the application behind the servlets. */
    public Services.Rules rules() {
        return new Services.Rules(stage, login, session, code, phoneRegion, auditKeep);
    }

    /** Whether a one-time code proves a number at sign-in. */
    public boolean asksForCodes() {
        return login.verification() == Verification.CODE;
    }

    /** Reads all of them, or throws a {@link SetupRefusedException} that names everything that is wrong. */
    public static Read read(SettingSources sources) {
        Reader reader = new Reader(sources);
        String url = reader.get(DB_URL);
        boolean defaultUrl = sources.find(DB_URL.key()) == null;
        Path database = reader.check(DB_URL, url, Settings::databasePath);
        boolean create = reader.optional(DB_CREATE).orElse(defaultUrl);
        CookieRules cookie = new CookieRules(
                reader.get(COOKIE_NAME),
                reader.get(COOKIE_PATH),
                reader.optional(COOKIE_DOMAIN).orElse(null),
                reader.get(COOKIE_SAME_SITE),
                reader.get(COOKIE_SECURE),
                reader.get(COOKIE_MAX_AGE),
                reader.optional(COOKIE_FORMER).orElse(List.of()));
        if (cookie.sameSite() == CookieRules.SameSite.NONE && cookie.secure() == CookieRules.Secure.NEVER) {
            reader.faults.add(COOKIE_SAME_SITE.key() + " = None needs " + COOKIE_SECURE.key()
                    + " = always or auto: browsers drop such a cookie otherwise");
        }
        refuseWhatThePrefixForbids(cookie, reader);
        Settings settings = new Settings(
                database,
                create,
                reader.get(POOL_SIZE),
                reader.get(MIGRATION_BACKUP),
                reader.get(STAGE),
                new LoginRules(reader.get(VERIFICATION), reader.get(REGISTRATION)),
                reader.get(REGION),
                new CodeRules(
                        reader.get(CODE_TTL),
                        reader.get(CODE_ATTEMPTS),
                        reader.get(CODE_RESEND_AFTER),
                        reader.get(LIMIT_NUMBER_HOUR),
                        reader.get(LIMIT_NUMBER_DAY),
                        reader.get(LIMIT_ADDRESS_HOUR),
                        reader.get(LIMIT_PREFIX_DAY),
                        reader.get(LIMIT_TOTAL_DAY),
                        reader.get(BREAKER_SENT),
                        reader.get(BREAKER_USED_PERCENT)),
                sms(reader),
                new SessionRules(
                        reader.get(IDLE_TIMEOUT).orElse(null),
                        reader.get(MAX_LIFETIME).orElse(null),
                        reader.get(MAX_PER_USER),
                        reader.get(LAST_SEEN_INTERVAL)),
                cookie,
                new Brand(
                        reader.get(BRAND_NAME),
                        reader.optional(BRAND_LOGO).orElse(null),
                        reader.optional(BRAND_SUPPORT).orElse(null),
                        reader.optional(BRAND_HOME).orElse(null)),
                reader.get(AUDIT_KEEP));
        Duration idle = settings.session().idleTimeout();
        if (idle != null && idle.compareTo(settings.session().lastSeenInterval().multipliedBy(2)) < 0) {
            reader.faults.add(IDLE_TIMEOUT.key() + " must be at least twice " + LAST_SEEN_INTERVAL.key()
                    + ": a session in use would run out before its use is written");
        }
        reader.refuseUnknownKeys();
        reader.judgeNamesWithoutPrefix();
        if (!reader.faults.isEmpty() && database != null && !create && !Files.exists(database)) {
            reader.faults.add("there is no file " + database);
        }
        if (!reader.faults.isEmpty()) {
            throw new SetupRefusedException(reader.faults);
        }
        return new Read(settings, reader.effective(), List.copyOf(reader.warnings));
    }

    /** RFC 6265bis, 4.1.3: a browser drops a cookie whose name promises what its attributes do not keep. */
    private static void refuseWhatThePrefixForbids(CookieRules cookie, Reader reader) {
        // Null after a fault of its own.
        String name = String.valueOf(cookie.name()).toLowerCase(Locale.ROOT);
        boolean hostOnly = name.startsWith("__host-");
        if ((hostOnly || name.startsWith("__secure-")) && cookie.secure() != CookieRules.Secure.ALWAYS) {
            reader.faults.add(COOKIE_NAME.key() + " = " + cookie.name() + " needs " + COOKIE_SECURE.key()
                    + " = always: browsers drop such a cookie otherwise");
        }
        if (hostOnly && !"/".equals(cookie.path())) {
            reader.faults.add(COOKIE_NAME.key() + " = " + cookie.name() + " needs " + COOKIE_PATH.key()
                    + " = /: browsers drop such a cookie otherwise");
        }
        if (hostOnly && cookie.domain() != null) {
            reader.faults.add(COOKIE_NAME.key() + " = " + cookie.name() + " allows no " + COOKIE_DOMAIN.key()
                    + ": browsers drop such a cookie otherwise");
        }
    }

    private static List<CookieRules.Place> places(String text) {
        List<CookieRules.Place> places = new ArrayList<>();
        for (String entry : text.split(" \\| ", -1)) {
            places.add(place(entry));
        }
        return require(List.copyOf(places), places.size() <= 20);
    }

    /** A name and attributes, as {@code Set-Cookie} has them. */
    private static CookieRules.Place place(String entry) {
        String[] parts = entry.split(";", -1);
        Map<String, String> attributes = new HashMap<>();
        for (int i = 1; i < parts.length; i++) {
            String[] attribute = parts[i].split("=", 2);
            String name = attribute[0].strip().toLowerCase(Locale.ROOT);
            require(name, attribute.length == 2 && attributes.put(name, attribute[1].strip()) == null);
        }
        require(attributes, Set.of("path", "domain").containsAll(attributes.keySet()));
        String domain = attributes.get("domain");
        if (domain != null) {
            // A dot ahead of it means nothing to a browser of today (RFC 6265, 5.2.3), and Tomcat refuses it.
            domain = COOKIE_DOMAIN
                    .read()
                    .apply(domain.replaceFirst("^\\.", ""))
                    .map(host -> host.toLowerCase(Locale.ROOT))
                    .orElse(null);
        }
        return new CookieRules.Place(
                COOKIE_NAME.read().apply(parts[0].strip()),
                COOKIE_PATH.read().apply(attributes.getOrDefault("path", "/")),
                domain);
    }

    private static Sms sms(Reader reader) {
        Sender sender = reader.get(SMS_SENDER);
        String host = reader.optional(SMS_HOST).orElse(null);
        String url = reader.optional(SMS_URL).orElse(null);
        List<Header> headers = reader.optional(SMS_HEADERS).orElse(List.of());
        HttpSender.Gateway gateway = new HttpSender.Gateway(
                reader.get(SMS_METHOD),
                url == null ? "" : url,
                headers,
                reader.optional(SMS_BODY).orElse(null),
                reader.optional(SMS_USER).orElse(null),
                reader.optional(SMS_PASSWORD).orElse(null),
                reader.get(SMS_TIMEOUT),
                reader.get(SMS_SUCCESS));
        if (sender == Sender.LOG) {
            return new Sms(host, null);
        }
        if (url == null && reader.sources.find(SMS_URL.key()) == null) {
            reader.faults.add(SMS_SENDER.key() + " = http needs " + SMS_URL.key());
        }
        if (host == null && reader.sources.find(SMS_HOST.key()) == null) {
            // The request's own Host header is its sender's to choose, and so would be the site that gets the code.
            reader.faults.add(SMS_SENDER.key() + " = http needs " + SMS_HOST.key()
                    + ": phones offer the code to the site that the message names");
        }
        String templates = url + " " + gateway.body();
        boolean carriesCode = templates.contains("{text}") || templates.contains("{code}");
        if (url != null && !(templates.contains("{phone}") && carriesCode)) {
            reader.faults.add(SMS_URL.key() + " and " + SMS_BODY.key()
                    + " must hold {phone}, and {text} or {code}: the gateway would get no message");
        }
        if (gateway.password() != null && gateway.user() == null) {
            reader.faults.add(SMS_PASSWORD.key() + " needs " + SMS_USER.key());
        }
        return new Sms(host, gateway);
    }

    private static boolean isGatewayAddress(String template) {
        try {
            URI uri = new URI(
                    template.replace("{phone}", "1").replace("{text}", "t").replace("{code}", "1"));
            return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static List<Header> headers(String text) {
        List<Header> headers = new ArrayList<>();
        for (String line : text.split(" \\| ", -1)) {
            int colon = line.indexOf(':');
            String name = line.substring(0, Math.max(0, colon)).strip();
            String value = line.substring(colon + 1).strip();
            boolean good = Pattern.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+", name)
                    && value.chars().allMatch(c -> c >= ' ' && c < 0x7f)
                    && !FORBIDDEN_HEADERS.contains(name.toLowerCase(Locale.ROOT));
            headers.add(new Header(require(name, good), value));
        }
        return headers;
    }

    /** Reads key by key and goes on after a fault, with the default in its place, so that all faults come to light. */
    private static final class Reader {

        private final SettingSources sources;
        private final List<String> faults = new ArrayList<>();
        private final List<String> warnings = new ArrayList<>();
        private final Map<String, String> effective = new HashMap<>();

        Reader(SettingSources sources) {
            this.sources = sources;
        }

        <T> T get(Setting<T> setting) {
            String fallback = setting.fallback();
            if (fallback == null) {
                throw new IllegalArgumentException(setting.key() + " has no default");
            }
            T value = given(setting);
            return value != null ? value : setting.read().apply(fallback);
        }

        <T> Optional<T> optional(Setting<Optional<T>> setting) {
            Optional<T> value = given(setting);
            return value != null ? value : Optional.empty();
        }

        private <T> @Nullable T given(Setting<T> setting) {
            SettingSources.Found found = sources.find(setting.key());
            if (found == null) {
                effective.put(
                        setting.key(), setting.fallback() == null ? "not set" : setting.fallback() + " (default)");
                return null;
            }
            String shown = setting.secret() ? "•••" : found.value();
            effective.put(setting.key(), shown + " (" + found.place() + ")");
            return check(setting, found.value(), setting.read());
        }

        /** Null after a fault, which the end of {@link Settings#read} turns into a refusal. */
        @SuppressWarnings("NullAway")
        <T> T check(Setting<?> setting, String text, Function<String, T> read) {
            try {
                if (text.isBlank()) {
                    throw new IllegalArgumentException();
                }
                return read.apply(text.strip());
            } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
                SettingSources.Found found = sources.find(setting.key());
                faults.add(setting.key() + " = '" + (setting.secret() ? "•••" : text) + "'"
                        + (found == null ? "" : " (" + found.place() + ")") + " must be " + setting.range());
                return null;
            }
        }

        void refuseUnknownKeys() {
            Set<String> keys = ALL.stream().map(Setting::key).collect(Collectors.toSet());
            for (String name : sources.unknown(keys)) {
                String nearest = ALL.stream()
                        .map(Setting::key)
                        .map(key -> name.startsWith(SettingSources.PREFIX) ? key : SettingSources.variable(key))
                        .min(Comparator.comparingInt(key -> distance(name, key)))
                        .orElseThrow();
                faults.add("there is no setting " + name + "; did you mean " + nearest + "?");
            }
        }

        /**
         * A parameter of this context can only be meant for us. The environment and the system properties are shared with
         * whatever else runs: there a name such as {@code COOKIE_DOMAIN} may well be another program's, and refusing to
         * start for its sake would be worse than saying so. But {@code db.url} decides which users these are, and its
         * default would open another database than the one that was meant, or make it.
         */
        void judgeNamesWithoutPrefix() {
            for (SettingSources.Unprefixed name : sources.unprefixed(keys())) {
                String words = "the " + name.what() + " is not read; did you mean " + name.meant() + "?";
                if (name.ours()) {
                    faults.add(words);
                } else if (name.key().equals(DB_URL.key())) {
                    faults.add(words + " If it is another program's, set " + DB_URL.key()
                            + " as well, so that it is plain which database is meant");
                } else {
                    warnings.add(words);
                }
            }
        }

        List<String> effective() {
            return ALL.stream()
                    .map(setting -> setting.key() + " = " + effective.get(setting.key()))
                    .toList();
        }
    }

    private static String withPlaceholders(String text) {
        return text.replace("${catalina.base}", System.getProperty("catalina.base", "."));
    }

    private static Path databasePath(String url) {
        String path = url.startsWith("jdbc:sqlite:") ? url.substring("jdbc:sqlite:".length()) : url;
        // A parameter that SQLite does not know would become part of the name of a new, empty database.
        boolean plain = !path.isBlank()
                && !path.startsWith("jdbc:")
                && !path.startsWith("file:")
                && !path.startsWith(":")
                // Somebody else's kind of address, as postgres://…, would be taken for a folder of that name.
                && !path.contains("://")
                && path.chars().noneMatch(c -> c == '?' || c < ' ');
        try {
            return Path.of(require(path, plain)).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static boolean bool(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException();
        };
    }

    private static Setting<Integer> whole(String key, int fallback, int least, int most) {
        return new Setting<>(
                key, String.valueOf(fallback), "a whole number from " + least + " to " + most, false, text -> {
                    int value = Integer.parseInt(text);
                    return require(value, value >= least && value <= most);
                });
    }

    private static <E extends Enum<E>> Setting<E> choice(String key, E fallback) {
        List<E> all = List.of(fallback.getDeclaringClass().getEnumConstants());
        return new Setting<>(
                key,
                word(fallback),
                all.stream().map(Settings::word).collect(Collectors.joining(" or ")),
                false,
                text -> all.stream()
                        .filter(value -> word(value).equals(text.toLowerCase(Locale.ROOT)))
                        .findFirst()
                        .orElseThrow(IllegalArgumentException::new));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static Setting<Duration> duration(String key, String fallback, Duration least, Duration most) {
        return new Setting<>(
                key,
                fallback,
                "an ISO 8601 duration from " + shown(least) + " to " + shown(most),
                false,
                text -> within(text, least, most));
    }

    private static Setting<Optional<Duration>> durationOrNone(String key, String fallback) {
        Duration least = Duration.ofMinutes(1);
        Duration most = Duration.ofDays(36_500);
        return new Setting<>(
                key,
                fallback,
                "an ISO 8601 duration from " + shown(least) + " to " + shown(most) + ", or none",
                false,
                text -> text.equals("none") ? Optional.empty() : Optional.of(within(text, least, most)));
    }

    /** As an operator would write it: Java has no days in a duration. */
    private static String shown(Duration duration) {
        boolean wholeDays = duration.equals(Duration.ofDays(duration.toDays()));
        return wholeDays ? "P" + duration.toDays() + "D" : duration.toString();
    }

    private static Duration within(String text, Duration least, Duration most) {
        Duration value = parse(text);
        return require(value, value.compareTo(least) >= 0 && value.compareTo(most) <= 0);
    }

    private static Duration parse(String text) {
        try {
            return Duration.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static <T> T require(T value, boolean isGood) {
        if (!isGood) {
            throw new IllegalArgumentException();
        }
        return value;
    }

    /** Levenshtein's, and one for two neighbours that changed places: how many letters to add, drop or change. */
    public static int distance(String one, String other) {
        int[] beforePrevious = new int[other.length() + 1];
        int[] previous = new int[other.length() + 1];
        for (int j = 0; j <= other.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int[] current = new int[other.length() + 1];
            current[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int changed = previous[j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(changed, 1 + Math.min(previous[j], current[j - 1]));
                if (i > 1
                        && j > 1
                        && one.charAt(i - 1) == other.charAt(j - 2)
                        && one.charAt(i - 2) == other.charAt(j - 1)) {
                    current[j] = Math.min(current[j], 1 + beforePrevious[j - 2]);
                }
            }
            beforePrevious = previous;
            previous = current;
        }
        return previous[other.length()];
    }
}
