package org.multisession.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.multisession.otp.HttpSender;
import org.multisession.otp.HttpSender.Gateway.Header;
import org.multisession.otp.SuccessPattern;

/** How codes are delivered. */
final class SmsKeys {

    static final Keys KEYS = new Keys("sms.");

    private enum Sender {
        LOG,
        HTTP
    }

    /** Java's HTTP client sets these itself. */
    private static final Set<String> FORBIDDEN_HEADERS =
            Set.of("connection", "content-length", "expect", "host", "upgrade");

    private static final Setting<Sender> SENDER = KEYS.choice(
            "sender",
            Sender.LOG,
            "`log`: the code goes to Tomcat's log, for trying it out. `http`: to a gateway, see [gateways](#gateways)");

    private static final Setting<Optional<String>> HOST = KEYS.optional(
            "host",
            "the host name of the sign-in page, as id.example.com",
            "The message names it, so that phones fill the code in there and nowhere else. Needed with `http`",
            HostName::require);

    private static final Setting<String> METHOD = KEYS.of(
            "http.method",
            "POST",
            "GET, POST or PUT",
            "The method of the request to the gateway",
            text -> Keys.require(text, Set.of("GET", "POST", "PUT").contains(text)));

    private static final Setting<Optional<String>> URL = KEYS.optionalSecret(
            "http.url",
            "an http or https address, in which {phone}, {text} and {code} may stand",
            "The gateway's address. `{phone}`, `{text}` and `{code}` stand for the message; each is escaped for where it"
                    + " stands",
            text -> Keys.require(text, isGatewayAddress(text)));

    private static final Setting<Optional<List<Header>>> HEADERS = KEYS.optionalSecret(
            "http.headers",
            "headers as 'Name: value', separated by ' | '",
            "The headers of that request",
            SmsKeys::headers);

    private static final Setting<Optional<String>> BODY = KEYS.optionalSecret(
            "http.body",
            "the body, in which {phone}, {text} and {code} may stand",
            "JSON if `Content-Type` says so, else a form",
            text -> text);

    private static final Setting<Optional<String>> USER = KEYS.optional(
            "http.user",
            "a name without a colon",
            "For HTTP basic authentication",
            text -> Keys.require(text, !text.contains(":")));

    private static final Setting<Optional<String>> PASSWORD =
            KEYS.optionalSecret("http.password", "a password", "For HTTP basic authentication", text -> text);

    private static final Setting<Duration> TIMEOUT = KEYS.duration(
            "http.timeout",
            "PT10S",
            Duration.ofSeconds(1),
            Duration.ofMinutes(1),
            "For connecting, and for the answer");

    private static final Setting<SuccessPattern> SUCCESS = KEYS.of(
            "http.success",
            "2xx",
            "a status (2xx, or as 200,201), then, each behind ' | ', what the body must look like, as *OK*, or must not,"
                    + " as not *error*",
            "What the answer looks like when the gateway has taken the message, see [gateways](#gateways)",
            SuccessPattern::parse);

    private SmsKeys() {}

    static Settings.Sms sms(SettingReader reader) {
        Sender sender = reader.get(SENDER);
        String host = reader.optional(HOST).orElse(null);
        String url = reader.optional(URL).orElse(null);
        List<Header> headers = reader.optional(HEADERS).orElse(List.of());
        HttpSender.Gateway gateway = new HttpSender.Gateway(
                reader.get(METHOD),
                url == null ? "" : url,
                headers,
                reader.optional(BODY).orElse(null),
                reader.optional(USER).orElse(null),
                reader.optional(PASSWORD).orElse(null),
                reader.get(TIMEOUT),
                reader.get(SUCCESS));
        if (sender == Sender.LOG) {
            return new Settings.Sms(host, null);
        }
        if (url == null && !reader.isSet(URL)) {
            reader.fault(SENDER.key() + " = http needs " + URL.key());
        }
        if (host == null && !reader.isSet(HOST)) {
            // The request's own Host header is its sender's to choose, and so would be the site that gets the code.
            reader.fault(SENDER.key() + " = http needs " + HOST.key()
                    + ": phones offer the code to the site that the message names");
        }
        String templates = url + " " + gateway.body();
        boolean carriesCode = templates.contains("{text}") || templates.contains("{code}");
        if (url != null && !(templates.contains("{phone}") && carriesCode)) {
            reader.fault(URL.key() + " and " + BODY.key()
                    + " must hold {phone}, and {text} or {code}: the gateway would get no message");
        }
        if (gateway.password() != null && gateway.user() == null) {
            reader.fault(PASSWORD.key() + " needs " + USER.key());
        }
        return new Settings.Sms(host, gateway);
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
            headers.add(new Header(Keys.require(name, good), value));
        }
        return headers;
    }
}
