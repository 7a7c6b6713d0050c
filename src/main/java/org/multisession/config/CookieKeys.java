package org.multisession.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.multisession.web.CookieRules;

/** The cookie that carries the token. */
final class CookieKeys {

    static final Keys KEYS = new Keys("cookie.");

    private static final int MAX_FORMER = 20;

    private static final Setting<String> NAME = KEYS.of(
            "name",
            "auth_token",
            "a cookie name (RFC 6265: letters, digits and !#$%&'*+-.^_`|~)",
            "The name that the old app uses, so that its users stay signed in. `__Host-…` needs `secure=always`, path `/` and"
                    + " no domain; `__Secure-…` needs `secure=always`",
            text -> Keys.require(text, Pattern.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", text)));

    private static final Setting<String> PATH = KEYS.of(
            "path",
            "/",
            "a path that begins with /, without spaces and semicolons",
            "Its path",
            text -> Keys.require(text, Pattern.matches("/[!-:<-~]{0,255}", text)));

    private static final Setting<Optional<String>> DOMAIN = KEYS.optional(
            "domain",
            "a host name such as example.com",
            "Its domain; if not set, only the host that set it",
            HostName::require);

    private static final Setting<CookieRules.SameSite> SAME_SITE = KEYS.of(
            "same-site",
            "Lax",
            "Strict, Lax or None",
            "Its `SameSite`",
            text -> Arrays.stream(CookieRules.SameSite.values())
                    .filter(value -> value.text().equalsIgnoreCase(text))
                    .findFirst()
                    .orElseThrow(IllegalArgumentException::new));

    private static final Setting<CookieRules.Secure> SECURE =
            KEYS.choice("secure", CookieRules.Secure.AUTO, "`auto`: where the request came over HTTPS");

    private static final Setting<Duration> MAX_AGE = KEYS.duration(
            "max-age", "P365D", Duration.ofMinutes(1), Duration.ofDays(400), "How long the browser keeps it");

    private static final Setting<Optional<List<CookieRules.Place>>> FORMER = KEYS.optional(
            "former",
            "up to " + MAX_FORMER
                    + " cookies as 'NAME; Path=/path; Domain=example.com', separated by ' | '; Path defaults to /",
            "Cookies that the old app or other settings have set before. They are never read, and cleared at a"
                    + " sign-out",
            CookieKeys::places);

    private CookieKeys() {}

    static CookieRules rules(SettingReader reader) {
        CookieRules cookie = new CookieRules(
                reader.get(NAME),
                reader.get(PATH),
                reader.optional(DOMAIN).orElse(null),
                reader.get(SAME_SITE),
                reader.get(SECURE),
                reader.get(MAX_AGE),
                reader.optional(FORMER).orElse(List.of()));
        if (cookie.sameSite() == CookieRules.SameSite.NONE && cookie.secure() == CookieRules.Secure.NEVER) {
            reader.fault(SAME_SITE.key() + " = None needs " + SECURE.key()
                    + " = always or auto: otherwise browsers drop the cookie");
        }
        refuseWhatThePrefixForbids(cookie, reader);
        return cookie;
    }

    /** RFC 6265bis, 4.1.3: a browser drops a cookie whose attributes break the promise of its name. */
    private static void refuseWhatThePrefixForbids(CookieRules cookie, SettingReader reader) {
        // Null if it had a fault itself.
        String name = String.valueOf(cookie.name()).toLowerCase(Locale.ROOT);
        boolean hostOnly = name.startsWith("__host-");
        if ((hostOnly || name.startsWith("__secure-")) && cookie.secure() != CookieRules.Secure.ALWAYS) {
            reader.fault(NAME.key() + " = " + cookie.name() + " needs " + SECURE.key()
                    + " = always: otherwise browsers drop the cookie");
        }
        if (hostOnly && !"/".equals(cookie.path())) {
            reader.fault(NAME.key() + " = " + cookie.name() + " needs " + PATH.key()
                    + " = /: otherwise browsers drop the cookie");
        }
        if (hostOnly && cookie.domain() != null) {
            reader.fault(NAME.key() + " = " + cookie.name() + " allows no " + DOMAIN.key()
                    + ": otherwise browsers drop the cookie");
        }
    }

    private static List<CookieRules.Place> places(String text) {
        List<CookieRules.Place> places = new ArrayList<>();
        for (String entry : text.split(" \\| ", -1)) {
            places.add(place(entry));
        }
        return Keys.require(List.copyOf(places), places.size() <= MAX_FORMER);
    }

    /** A name and attributes, as {@code Set-Cookie} has them. */
    private static CookieRules.Place place(String entry) {
        String[] parts = entry.split(";", -1);
        Map<String, String> attributes = new HashMap<>();
        for (int i = 1; i < parts.length; i++) {
            String[] attribute = parts[i].split("=", 2);
            String name = attribute[0].strip().toLowerCase(Locale.ROOT);
            Keys.require(name, attribute.length == 2 && attributes.put(name, attribute[1].strip()) == null);
        }
        Keys.require(attributes, Set.of("path", "domain").containsAll(attributes.keySet()));
        String domain = attributes.get("domain");
        if (domain != null) {
            // A leading dot means nothing to today's browsers (RFC 6265, 5.2.3), and Tomcat refuses it.
            domain = HostName.require(domain.replaceFirst("^\\.", "")).toLowerCase(Locale.ROOT);
        }
        return new CookieRules.Place(
                NAME.read().apply(parts[0].strip()), PATH.read().apply(attributes.getOrDefault("path", "/")), domain);
    }
}
