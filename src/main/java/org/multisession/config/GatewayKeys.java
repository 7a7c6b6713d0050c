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
import org.multisession.otp.HttpSender.Gateway;
import org.multisession.otp.HttpSender.Gateway.Header;
import org.multisession.otp.SuccessPattern;

/** One gateway with an HTTP API. */
final class GatewayKeys {

    /** Java's HTTP client sets these itself. */
    private static final Set<String> FORBIDDEN_HEADERS =
            Set.of("connection", "content-length", "expect", "host", "upgrade");

    private final String prefix;
    private final Setting<String> method;
    private final Setting<Optional<String>> url;
    private final Setting<Optional<List<Header>>> headers;
    private final Setting<Optional<String>> body;
    private final Setting<Optional<String>> user;
    private final Setting<Optional<String>> password;
    private final Setting<Duration> timeout;
    private final Setting<SuccessPattern> success;

    /**
     * @param name of the gateway, with which its keys begin
     * @param which gateway this is, for the documents
     */
    GatewayKeys(Keys keys, String name, String which) {
        prefix = SettingSources.PREFIX + "sms." + name;
        method = keys.of(
                name + ".method",
                "POST",
                "GET, POST or PUT",
                "The method of the request to the gateway",
                text -> Keys.require(text, Set.of("GET", "POST", "PUT").contains(text)));
        url = keys.optionalSecret(
                name + ".url",
                "an http or https address, which may contain {phone}, {text} and {code}",
                which + ". `{phone}`, `{text}` and `{code}` are replaced, each escaped for its place",
                text -> Keys.require(text, isGatewayAddress(text)));
        headers = keys.optionalSecret(
                name + ".headers",
                "headers as 'Name: value', separated by ' | '",
                "The headers of the request",
                GatewayKeys::headers);
        body = keys.optionalSecret(
                name + ".body",
                "the body, which may contain {phone}, {text} and {code}",
                "JSON if `Content-Type` says so, otherwise a form",
                text -> text);
        user = keys.optional(
                name + ".user",
                "a name without a colon",
                "For HTTP basic authentication",
                text -> Keys.require(text, !text.contains(":")));
        password = keys.optionalSecret(name + ".password", "a password", "For HTTP basic authentication", text -> text);
        timeout = keys.duration(
                name + ".timeout",
                "PT10S",
                Duration.ofSeconds(1),
                Duration.ofMinutes(1),
                "How long to wait for the connection, and for the answer");
        success = keys.of(
                name + ".success",
                "2xx",
                "a status (2xx, or a list such as 200,201), then, each after ' | ', a pattern the body must match, such as *OK*, or must"
                        + " not match, such as not *error*",
                "What the answer looks like when the gateway has accepted the message, see [gateways](#gateways)",
                SuccessPattern::parse);
    }

    Setting<Optional<String>> url() {
        return url;
    }

    boolean isSet(SettingReader reader) {
        return reader.isSet(url);
    }

    /** The gateway that is set; only if {@link #isSet} is true. */
    Gateway gateway(SettingReader reader) {
        return new Gateway(
                prefix,
                reader.get(method),
                reader.optional(url).orElse(""),
                reader.optional(headers).orElse(List.of()),
                reader.optional(body).orElse(null),
                reader.optional(user).orElse(null),
                reader.optional(password).orElse(null),
                reader.get(timeout),
                reader.get(success));
    }

    /** Adds the faults that concern several keys. */
    void judge(SettingReader reader, Gateway gateway) {
        String templates = gateway.url() + " " + gateway.body();
        boolean carriesCode = templates.contains("{text}") || templates.contains("{code}");
        if (!gateway.url().isEmpty() && !(templates.contains("{phone}") && carriesCode)) {
            reader.fault(url.key() + " and " + body.key()
                    + " must contain {phone}, and {text} or {code}: otherwise the gateway would get no message");
        }
        if (gateway.password() != null && gateway.user() == null) {
            reader.fault(password.key() + " needs " + user.key());
        }
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
