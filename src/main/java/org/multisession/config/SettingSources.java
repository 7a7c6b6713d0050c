package org.multisession.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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
    private static final String ENVIRONMENT_PREFIX = "MULTISESSION_";

    /** A value and the place that it was found in, for messages. */
    record Found(String value, String place) {}

    /**
     * A name that is a key's but for the prefix.
     *
     * @param what it with its place, for messages
     * @param meant how the key is written in that place
     * @param ours whether nobody but this application reads that place
     */
    record Unprefixed(String key, String what, String meant, boolean ours) {}

    /** What a deployed application goes by. */
    public static SettingSources ofDeploy(Map<String, String> parameters) {
        return new SettingSources(Map.of(), systemProperties(), System.getenv(), parameters);
    }

    /** What a command goes by. */
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

    /** Whether this key is set anywhere, so that its default does not hold. */
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

    /** Every name that claims to be a setting of ours and is none, as it was written. */
    Set<String> unknown(Set<String> keys) {
        Set<String> unknown = new TreeSet<>();
        for (Map<String, String> source : List.of(options, properties, parameters)) {
            source.keySet().stream()
                    .filter(name -> name.startsWith(PREFIX) && !keys.contains(name))
                    .forEach(unknown::add);
        }
        environment.keySet().stream()
                .filter(name -> name.startsWith(ENVIRONMENT_PREFIX)
                        && keys.stream().noneMatch(key -> variable(key).equals(name)))
                .forEach(unknown::add);
        return unknown;
    }

    /**
     * Names that are a key's but for the prefix. Where the key itself is set, such a name is somebody else's and misleads
     * nobody.
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
