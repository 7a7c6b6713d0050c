package org.multisession.metrics;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a scrape says, read as Prometheus reads it; a line that it would not take is a failure. */
final class Scrape {

    private static final Pattern COMMENT = Pattern.compile("# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .*");
    private static final Pattern SAMPLE = Pattern.compile(
            "([a-zA-Z_:][a-zA-Z0-9_:]*(?:\\{(?:[a-zA-Z_]\\w*=\"(?:[^\"\\\\]|\\\\.)*\",?)*})?) (NaN|[+-]Inf|-?[0-9.]+(?:[eE][-+]?[0-9]+)?)");

    private final Map<String, Double> samples = new LinkedHashMap<>();

    Scrape(String text) {
        for (String line : text.lines().toList()) {
            Matcher sample = SAMPLE.matcher(line);
            if (sample.matches()) {
                if (samples.put(sample.group(1), number(sample.group(2))) != null) {
                    throw new AssertionError("twice: " + line);
                }
            } else if (!COMMENT.matcher(line).matches()) {
                throw new AssertionError("not a line of Prometheus: " + line);
            }
        }
    }

    private static double number(String text) {
        return text.endsWith("Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
    }

    /** The value of a sample, with its labels as they are written. */
    double value(String sample) {
        Double value = samples.get(sample);
        if (value == null) {
            throw new AssertionError("no " + sample + " among " + samples.keySet());
        }
        return value;
    }

    /** Whether a metric of this name is there, with whatever labels. */
    boolean has(String name) {
        return samples.keySet().stream().anyMatch(sample -> sample.equals(name) || sample.startsWith(name + "{"));
    }

    Map<String, Double> all() {
        return samples;
    }
}
