package org.multisession.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where settings come from, the first that has a key wins: options of the command line, system properties, environment
 * variables, Tomcat's context parameters. {@code multisession.db.pool-size} is {@code MULTISESSION_DB_POOL_SIZE} in the
 * environment and {@code --db.pool-size} as an option.
 *
 * @param options by the keys that they stand for
 */
public record SettingSources(
        Map<String, String> options,
        Map<String, String> properties,
        Map<String, String> environment,
        Map<String, String> parameters) {

    public static final String PREFIX = "multisession.";
    private static final Pattern OURS = Pattern.compile("multisession[._]", Pattern.CASE_INSENSITIVE);
    private static final Pattern SEPARATORS = Pattern.compile("[._-]");

    private static final String SERVICE_HOST = "_SERVICE_HOST";

    /** What Kubernetes tells every container of a service, after the service's name. */
    private static final Pattern OF_A_SERVICE =
            Pattern.compile("_(SERVICE_HOST|SERVICE_PORT(_\\w+)?|PORT(_\\d+_[A-Z]+(_(PROTO|PORT|ADDR))?)?)");

    /** A value and where it was found, for messages. */
    record Found(String value, String place) {}

    /**
     * A name that would be a key if it had the prefix.
     *
     * @param what the name and its place, for messages
     * @param meant the spelling of the key in that place
     * @param ours whether only this application reads that place
     */
    record Unprefixed(String key, String what, String meant, boolean ours) {}

    /**
     * A name that has no effect and was meant for us.
     *
     * @param isKey whether it is the name of a key, spelled as another place spells it or as none does
     * @param spelling how its place spells a key
     */
    record Misspelled(String name, String place, boolean isKey, UnaryOperator<String> spelling) {}

    /** The sources of a deployed application. */
    public static SettingSources ofDeploy(Map<String, String> parameters) {
        return new SettingSources(Map.of(), systemProperties(), System.getenv(), parameters);
    }

    /** The sources of a command. */
    public static SettingSources ofCommand(Map<String, String> options, Map<String, String> environment) {
        return new SettingSources(options, systemProperties(), environment, Map.of());
    }

    private static Map<String, String> systemProperties() {
        Map<String, String> properties = new LinkedHashMap<>();
        for (String name : System.getProperties().stringPropertyNames()) {
            properties.put(name, System.getProperty(name, ""));
        }
        return properties;
    }

    /** Whether this key is set anywhere, so that its default does not apply. */
    public boolean has(String key) {
        return find(key) != null;
    }

    @Nullable
    Found find(String key) {
        String value = options.get(key);
        if (value != null) {
            return new Found(value, "option --" + key.substring(PREFIX.length()));
        }
        value = properties.get(key);
        if (value != null) {
            return new Found(value, "system property");
        }
        value = environment.get(variable(key));
        if (value != null) {
            return new Found(value, "environment variable " + variable(key));
        }
        value = parameters.get(key);
        return value == null ? null : new Found(value, "context parameter");
    }

    /**
     * Every name that is meant for this application and is no key where it stands: one with our prefix, however that is
     * spelled, and one that differs from a key in nothing but case, dots, dashes and underscores.
     */
    List<Misspelled> misspelled(List<String> keys) {
        List<Misspelled> all = new ArrayList<>();
        addMisspelled(all, "option", options, UnaryOperator.identity(), keys);
        addMisspelled(all, "system property", properties, UnaryOperator.identity(), keys);
        addMisspelled(all, "environment variable", environment, SettingSources::variable, keys);
        addMisspelled(all, "context parameter", parameters, UnaryOperator.identity(), keys);
        return all;
    }

    private static void addMisspelled(
            List<Misspelled> all,
            String place,
            Map<String, String> source,
            UnaryOperator<String> spelling,
            List<String> keys) {
        Set<String> right = keys.stream().map(spelling).collect(Collectors.toSet());
        Set<String> letters = keys.stream().map(SettingSources::letters).collect(Collectors.toSet());
        for (String name : new TreeSet<>(source.keySet())) {
            boolean isKey = letters.contains(letters(name));
            boolean isOurs = isKey || (OURS.matcher(name).lookingAt() && !isOfAService(name, source.keySet()));
            if (isOurs && !right.contains(name)) {
                all.add(new Misspelled(name, place, isKey, spelling));
            }
        }
    }

    /** Whether Kubernetes put it there, because a service is called as we are. */
    private static boolean isOfAService(String name, Set<String> names) {
        return names.stream()
                .filter(host -> host.endsWith(SERVICE_HOST))
                .map(host -> host.substring(0, host.length() - SERVICE_HOST.length()))
                .anyMatch(service -> name.startsWith(service)
                        && OF_A_SERVICE
                                .matcher(name.substring(service.length()))
                                .matches());
    }

    /** What is left of a name where case and separators do not count. */
    static String letters(String name) {
        return SEPARATORS.matcher(name).replaceAll("").toLowerCase(Locale.ROOT);
    }

    /**
     * Names that would be keys if they had the prefix. If the key itself is set, such a name belongs to another program
     * and misleads nobody.
     */
    List<Unprefixed> unprefixed(List<String> keys) {
        List<Unprefixed> all = new ArrayList<>();
        for (String key : keys) {
            if (has(key)) {
                continue;
            }
            String bare = key.substring(PREFIX.length());
            for (String name : new TreeSet<>(List.of(bare, variable(bare)))) {
                if (parameters.containsKey(name)) {
                    all.add(new Unprefixed(key, "context parameter " + name, key, true));
                }
                if (environment.containsKey(name)) {
                    all.add(new Unprefixed(key, "environment variable " + name, variable(key), false));
                }
            }
            if (properties.containsKey(bare)) {
                all.add(new Unprefixed(key, "system property " + bare, key, false));
            }
        }
        return all;
    }

    static String variable(String key) {
        return key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
    }
}
