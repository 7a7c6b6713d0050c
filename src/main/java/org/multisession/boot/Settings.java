package org.multisession.boot;

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
import org.multisession.session.SessionRules;
import org.multisession.user.PhoneNumbers;
import org.multisession.web.CookieRules;

/**
 * Everything that can be set, read once at deploy. A fault is never replaced by a default: all of them are collected
 * and refused together, and so is a key that does not exist.
 *
 * @param database the SQLite file
 * @param createDatabase whether a missing file may be made
 * @param phoneRegion region of numbers typed without a country code
 */
public record Settings(
        Path database,
        boolean createDatabase,
        int poolSize,
        Stage stage,
        LoginRules login,
        String phoneRegion,
        SessionRules session,
        CookieRules cookie) {

    /** How far the move is. */
    public enum Stage {
        /** The old app runs beside this one, or may have to come back. */
        COEXIST
    }

    private static final Setting<String> DB_URL = new Setting<>(
            "multisession.db.url",
            "jdbc:sqlite:${catalina.base}/multi-session/multi-session.db",
            "jdbc:sqlite: and the path of a database file, or such a path alone, without parameters",
            false,
            Settings::withPlaceholders);
    private static final Setting<Optional<Boolean>> DB_CREATE =
            new Setting<>("multisession.db.create", null, "true or false", false, text -> Optional.of(bool(text)));
    private static final Setting<Integer> POOL_SIZE = whole("multisession.db.pool-size", 8, 1, 64);
    private static final Setting<Stage> STAGE = choice("multisession.stage", Stage.COEXIST);
    private static final Setting<Verification> VERIFICATION =
            choice("multisession.login.verification", Verification.NONE);
    private static final Setting<Registration> REGISTRATION =
            choice("multisession.login.registration", Registration.CLOSED);
    private static final Setting<String> REGION = new Setting<>(
            "multisession.phone.region",
            "RU",
            "the ISO 3166 code of a country, as RU or DE",
            false,
            text -> require(text, PhoneNumbers.knowsRegion(text)));
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
            text -> Optional.of(
                    require(text, Pattern.matches("[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?(\\.[0-9A-Za-z-]+)*", text))));
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

    /** Every key, in the order of the README's table. */
    static final List<Setting<?>> ALL = List.of(
            DB_URL,
            DB_CREATE,
            POOL_SIZE,
            STAGE,
            VERIFICATION,
            REGISTRATION,
            REGION,
            IDLE_TIMEOUT,
            MAX_LIFETIME,
            MAX_PER_USER,
            LAST_SEEN_INTERVAL,
            COOKIE_NAME,
            COOKIE_PATH,
            COOKIE_DOMAIN,
            COOKIE_SAME_SITE,
            COOKIE_SECURE,
            COOKIE_MAX_AGE);

    /** The settings, and each effective value with where it came from, secrets masked, for the log. */
    record Read(Settings settings, List<String> effective) {}

    /** Reads all of them, or throws a {@link SetupRefusedException} that names everything that is wrong. */
    static Read read(SettingSources sources) {
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
                reader.get(COOKIE_MAX_AGE));
        if (cookie.sameSite() == CookieRules.SameSite.NONE && cookie.secure() == CookieRules.Secure.NEVER) {
            reader.faults.add(COOKIE_SAME_SITE.key() + " = None needs " + COOKIE_SECURE.key()
                    + " = always or auto: browsers drop such a cookie otherwise");
        }
        Settings settings = new Settings(
                database,
                create,
                reader.get(POOL_SIZE),
                reader.get(STAGE),
                new LoginRules(reader.get(VERIFICATION), reader.get(REGISTRATION)),
                reader.get(REGION),
                new SessionRules(
                        reader.get(IDLE_TIMEOUT).orElse(null),
                        reader.get(MAX_LIFETIME).orElse(null),
                        reader.get(MAX_PER_USER),
                        reader.get(LAST_SEEN_INTERVAL)),
                cookie);
        reader.refuseUnknownKeys();
        if (!reader.faults.isEmpty()) {
            throw new SetupRefusedException(reader.faults);
        }
        return new Read(settings, reader.effective());
    }

    /** Reads key by key and goes on after a fault, with the default in its place, so that all faults come to light. */
    private static final class Reader {

        private final SettingSources sources;
        private final List<String> faults = new ArrayList<>();
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
                "an ISO 8601 duration from " + least + " to " + most,
                false,
                text -> within(text, least, most));
    }

    private static Setting<Optional<Duration>> durationOrNone(String key, String fallback) {
        Duration least = Duration.ofMinutes(1);
        Duration most = Duration.ofDays(36_500);
        return new Setting<>(
                key,
                fallback,
                "an ISO 8601 duration of at least " + least + ", or none",
                false,
                text -> text.equals("none") ? Optional.empty() : Optional.of(within(text, least, most)));
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

    /** Levenshtein: how many letters to add, drop or change. */
    static int distance(String one, String other) {
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
            }
            previous = current;
        }
        return previous[other.length()];
    }
}
