package org.multisession.config;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The keys of one subject. To declare one here makes it known: there is no other list. */
final class Keys {

    /** Not every one of ISO 8601: how long a month is, or a year, depends on when it begins. */
    private static final String DURATION = "an ISO 8601 duration in days, hours, minutes and seconds";

    private final String prefix;
    private final List<Setting<?>> all = new ArrayList<>();

    /** @param subject what their names begin with, as {@code cookie.} */
    Keys(String subject) {
        this.prefix = SettingSources.PREFIX + subject;
    }

    /** In the order of their declaration. */
    List<Setting<?>> all() {
        return List.copyOf(all);
    }

    /** A key with a default and its own way to be read. */
    <T> Setting<T> of(String name, String fallback, String range, String meaning, Function<String, T> read) {
        return declare(name, fallback, range, meaning, false, read);
    }

    /** A key without a default. */
    <T> Setting<Optional<T>> optional(String name, String range, String meaning, Function<String, T> read) {
        return declare(name, null, range, meaning, false, text -> Optional.of(read.apply(text)));
    }

    /** The same; its value is masked wherever settings are shown. */
    <T> Setting<Optional<T>> optionalSecret(String name, String range, String meaning, Function<String, T> read) {
        return declare(name, null, range, meaning, true, text -> Optional.of(read.apply(text)));
    }

    Setting<Integer> whole(String name, int fallback, int min, int max, String meaning) {
        return of(name, String.valueOf(fallback), "a whole number from " + min + " to " + max, meaning, text -> {
            int value = Integer.parseInt(text);
            return require(value, value >= min && value <= max);
        });
    }

    /** A key whose values are the constants of an enum, in lower case. */
    <E extends Enum<E>> Setting<E> choice(String name, E fallback, String meaning) {
        List<E> values = List.of(fallback.getDeclaringClass().getEnumConstants());
        return of(
                name,
                word(fallback),
                values.stream()
                        .map(Keys::word)
                        .collect(Collectors.joining(", "))
                        .replaceFirst(", ([^,]+)$", " or $1"),
                meaning,
                text -> values.stream()
                        .filter(value -> word(value).equals(text.toLowerCase(Locale.ROOT)))
                        .findFirst()
                        .orElseThrow(IllegalArgumentException::new));
    }

    Setting<Duration> duration(String name, String fallback, Duration min, Duration max, String meaning) {
        return of(name, fallback, DURATION + between(min, max), meaning, text -> within(text, min, max));
    }

    /** A duration of a minute or more, or {@code none}, which is read as empty. */
    Setting<Optional<Duration>> durationOrNone(String name, String fallback, String meaning) {
        Duration min = Duration.ofMinutes(1);
        Duration max = Duration.ofDays(36_500);
        return of(
                name,
                fallback,
                DURATION + between(min, max) + ", or none",
                meaning,
                text -> text.equals("none") ? Optional.empty() : Optional.of(within(text, min, max)));
    }

    private <T> Setting<T> declare(
            String name,
            @Nullable String fallback,
            String range,
            String meaning,
            boolean secret,
            Function<String, T> read) {
        Setting<T> setting = new Setting<>(prefix + name, fallback, range, meaning, secret, read);
        all.add(setting);
        return setting;
    }

    /** Returns the value if it is in range; throws {@link IllegalArgumentException} otherwise. */
    static <T> T require(T value, boolean isGood) {
        if (!isGood) {
            throw new IllegalArgumentException();
        }
        return value;
    }

    static boolean bool(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException();
        };
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static String between(Duration min, Duration max) {
        return " from " + shown(min) + " to " + shown(max);
    }

    /** The duration as an operator would write it: Java's has no days. */
    private static String shown(Duration duration) {
        boolean wholeDays = !duration.isZero() && duration.equals(Duration.ofDays(duration.toDays()));
        return wholeDays ? "P" + duration.toDays() + "D" : duration.toString();
    }

    private static Duration within(String text, Duration min, Duration max) {
        try {
            Duration value = Duration.parse(text);
            return require(value, value.compareTo(min) >= 0 && value.compareTo(max) <= 0);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
