package org.multisession.config;

import java.nio.file.InvalidPathException;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads the keys one by one and continues after a fault, so that all faults are reported together. */
final class SettingReader {

    private final SettingSources sources;
    private final List<Setting<?>> known;
    private final List<String> faults = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final Map<String, String> effective = new HashMap<>();

    SettingReader(SettingSources sources, List<Setting<?>> known) {
        this.sources = sources;
        this.known = known;
    }

    /**
     * Returns the value that is set, or the default. After a fault it returns the default, and {@link Settings#read}
     * refuses in the end.
     */
    <T> T get(Setting<T> setting) {
        String fallback = setting.fallback();
        if (fallback == null) {
            throw new IllegalArgumentException(setting.key() + " has no default");
        }
        T value = given(setting);
        return value != null ? value : setting.read().apply(fallback);
    }

    /** Returns the value that is set; empty if there is none. */
    <T> Optional<T> optional(Setting<Optional<T>> setting) {
        Optional<T> value = given(setting);
        return value != null ? value : Optional.empty();
    }

    boolean isSet(Setting<?> setting) {
        return sources.has(setting.key());
    }

    /** Adds a fault that concerns several keys. */
    void fault(String fault) {
        faults.add(fault);
    }

    private <T> @Nullable T given(Setting<T> setting) {
        SettingSources.Found found = sources.find(setting.key());
        if (found == null) {
            effective.put(setting.key(), setting.fallback() == null ? "not set" : setting.fallback() + " (default)");
            return null;
        }
        effective.put(setting.key(), setting.shown(found.value()) + " (" + found.place() + ")");
        return check(setting, found.value(), setting.read());
    }

    /** Null after a fault. */
    @SuppressWarnings("NullAway")
    <T> T check(Setting<?> setting, String text, Function<String, T> read) {
        try {
            if (text.isBlank()) {
                throw new IllegalArgumentException();
            }
            return read.apply(text.strip());
        } catch (InvalidPathException e) {
            faults.add(named(setting, text) + Settings.noFileName());
            return null;
        } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
            faults.add(named(setting, text) + " must be " + setting.range());
            return null;
        }
    }

    private String named(Setting<?> setting, String text) {
        SettingSources.Found found = sources.find(setting.key());
        return setting.key() + " = '" + setting.shown(text) + "'" + (found == null ? "" : " (" + found.place() + ")");
    }

    void refuseUnknownKeys() {
        List<String> keys = known.stream().<String>map(Setting::key).toList();
        for (SettingSources.Misspelled name : sources.misspelled(keys)) {
            String what = name.isKey()
                    ? "the " + name.place() + " " + name.name() + " has no effect"
                    : "there is no setting " + name.name();
            faults.add(what + "; did you mean " + nearest(name, keys) + "?");
        }
    }

    private static String nearest(SettingSources.Misspelled name, List<String> keys) {
        String letters = SettingSources.letters(name.name());
        return keys.stream()
                .min(Comparator.comparingInt(key -> EditDistance.between(letters, SettingSources.letters(key))))
                .map(name.spelling())
                .orElseThrow();
    }

    /**
     * A parameter of this context can only be meant for us. The environment and the system properties are shared with
     * other programs: a name such as {@code COOKIE_DOMAIN} may well be theirs, so a warning is better than a refusal.
     * But {@code db.url} decides which users these are, and its default would open or create another database than the
     * intended one.
     */
    void judgeNamesWithoutPrefix(Setting<?> decisive) {
        for (SettingSources.Unprefixed name :
                sources.unprefixed(known.stream().<String>map(Setting::key).toList())) {
            String words = "the " + name.what() + " has no effect; did you mean " + name.meant() + "?";
            if (name.ours()) {
                faults.add(words);
            } else if (name.key().equals(decisive.key())) {
                faults.add(words + " If it is another program's, set " + decisive.key()
                        + " as well, so that it is clear which database is meant");
            } else {
                warnings.add(words);
            }
        }
    }

    List<String> faults() {
        return List.copyOf(faults);
    }

    List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** Each effective value with where it came from, secrets masked. */
    List<String> effective() {
        return known.stream()
                .map(setting -> setting.key() + " = " + effective.get(setting.key()))
                .toList();
    }
}
