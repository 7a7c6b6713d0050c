package org.multisession.config;

import java.time.Duration;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.multisession.otp.CodeRules;
import org.multisession.otp.Delivery;
import org.multisession.otp.Delivery.TestNumber;
import org.multisession.phone.PhoneNumbers;

/** One-time codes: how long they live, and how many there may be. */
final class CodeKeys {

    static final Keys KEYS = new Keys("");

    private static final Setting<Duration> TTL = KEYS.duration(
            "code.ttl", "PT5M", Duration.ofMinutes(1), Duration.ofMinutes(30), "How long a code is good for");

    private static final Setting<Integer> ATTEMPTS =
            KEYS.whole("code.attempts", 5, 1, 10, "How many codes may be tried, including after a resend");

    private static final Setting<Duration> RESEND_AFTER = KEYS.duration(
            "code.resend-after",
            "PT1M",
            Duration.ofSeconds(5),
            Duration.ofHours(1),
            "How long a number waits for its next code; using a code ends the wait");

    private static final Setting<Integer> NUMBER_PER_HOUR =
            KEYS.whole("limit.number-per-hour", 5, 1, 100, "Codes to one number in an hour");

    private static final Setting<Integer> NUMBER_PER_DAY = KEYS.whole(
            "limit.number-per-day",
            10,
            1,
            1000,
            "Codes to one number in a day. Browsers and addresses that have used a code of this number are counted"
                    + " separately; everyone else keeps one more an hour, see [security.md](security.md)");

    private static final Setting<Integer> ADDRESS_PER_HOUR = KEYS.whole(
            "limit.address-per-hour", 20, 1, 100_000, "Codes requested from one address (IPv6: one /64) in an hour");

    private static final Setting<Integer> PREFIX_PER_DAY =
            KEYS.whole("limit.prefix-per-day", 100, 1, 1_000_000, "Codes sent to one block of 10,000 numbers in a day");

    private static final Setting<Integer> TOTAL_PER_DAY =
            KEYS.whole("limit.total-per-day", 5000, 1, 10_000_000, "Codes sent in a day altogether: your budget");

    private static final Setting<Integer> BREAKER_SENT = KEYS.whole(
            "limit.breaker-sent",
            100,
            10,
            1_000_000,
            "The circuit breaker watches the share of used codes once this many were sent in an hour");

    private static final Setting<Integer> BREAKER_USED_PERCENT = KEYS.whole(
            "limit.breaker-used-percent",
            10,
            0,
            100,
            "It stops sending codes when fewer than this percentage of them were used; `0` switches it off");

    private static final Setting<Optional<Set<String>>> COUNTRIES = KEYS.optional(
            "limit.countries",
            "ISO 3166 codes of countries, separated by commas, such as RU,KZ",
            "The countries whose numbers may get a code. To any other, none is sent, and nothing tells it from an unknown"
                    + " number. If not set: all",
            CodeKeys::countries);

    private static final Setting<Boolean> RECORD_ONLY = KEYS.of(
            "limit.record-only",
            "false",
            "true or false",
            "`true`: limits are counted in the [metrics](operations.md#metrics) and not applied, to learn from before they"
                    + " do; a warning at every deploy",
            Keys::bool);

    private static final Setting<Optional<List<TestNumber>>> TEST_NUMBERS = KEYS.optionalSecret(
            "login.test-numbers",
            "numbers with a code and a last day, as '+79990000001=123456 until 2026-12-31', separated by commas",
            "Numbers that always get that code, without a message, to test or review an app with; a warning at every"
                    + " deploy. A user must have the number, or registration be open",
            CodeKeys::testNumbers);

    private static final Pattern TEST_NUMBER =
            Pattern.compile("(\\+[1-9][0-9]{6,14})=([0-9]{6}) +until +([0-9]{4}-[0-9]{2}-[0-9]{2})");

    private CodeKeys() {}

    private static Set<String> countries(String text) {
        return Stream.of(text.split(",", -1))
                .map(String::strip)
                .map(country -> Keys.require(country, PhoneNumbers.knowsRegion(country)))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static List<TestNumber> testNumbers(String text) {
        return Stream.of(text.split(",", -1)).map(CodeKeys::testNumber).toList();
    }

    private static TestNumber testNumber(String text) {
        Matcher parts = TEST_NUMBER.matcher(text.strip());
        Keys.require(text, parts.matches());
        try {
            return new TestNumber(parts.group(1), parts.group(2), LocalDate.parse(parts.group(3)));
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static CodeRules rules(SettingReader reader) {
        return new CodeRules(
                reader.get(TTL),
                reader.get(ATTEMPTS),
                reader.get(RESEND_AFTER),
                new CodeRules.Limits(
                        reader.get(NUMBER_PER_HOUR),
                        reader.get(NUMBER_PER_DAY),
                        reader.get(ADDRESS_PER_HOUR),
                        reader.get(PREFIX_PER_DAY),
                        reader.get(TOTAL_PER_DAY),
                        reader.get(BREAKER_SENT),
                        reader.get(BREAKER_USED_PERCENT)),
                new Delivery(
                        reader.optional(COUNTRIES).orElse(Set.of()),
                        reader.get(RECORD_ONLY),
                        reader.optional(TEST_NUMBERS).orElse(List.of())));
    }
}
