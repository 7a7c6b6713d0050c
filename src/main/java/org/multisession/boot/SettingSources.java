package org.multisession.boot;

import jakarta.servlet.ServletContext;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Where settings come from, the first that has a key wins: system properties, environment variables, Tomcat's context
 * parameters. {@code multisession.db.pool-size} is {@code MULTISESSION_DB_POOL_SIZE} in the environment.
 */
record SettingSources(Map<String, String> properties, Map<String, String> environment, Map<String, String> parameters) {

    static final String PREFIX = "multisession.";
    private static final String ENVIRONMENT_PREFIX = "MULTISESSION_";

    /** A value and the place that it was found in, for messages. */
    record Found(String value, String place) {}

    static SettingSources of(ServletContext context) {
        Map<String, String> properties = new LinkedHashMap<>();
        for (String name : System.getProperties().stringPropertyNames()) {
            properties.put(name, System.getProperty(name, ""));
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        context.getInitParameterNames()
                .asIterator()
                .forEachRemaining(name -> parameters.put(name, context.getInitParameter(name)));
        return new SettingSources(properties, System.getenv(), parameters);
    }

    @Nullable
    Found find(String key) {
        String value = properties.get(key);
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
        for (Map<String, String> source : List.of(properties, parameters)) {
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

    static String variable(String key) {
        return key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
    }
}
