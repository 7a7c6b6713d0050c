package org.multisession.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One row of a benchmark: what was measured again and again, and what is wished for.
 *
 * @param values in the order of the rounds
 * @param goal the value to be reached; null where there is none
 * @param atMost whether less is better
 */
record Measure(
        String name,
        String unit,
        List<Double> values,
        @Nullable Double goal,
        boolean atMost) {

    /** A ratio, of which more is better. */
    static Measure ratio(String name, List<Double> values, @Nullable Double goal) {
        return new Measure(name, "×", values, goal, false);
    }

    double median() {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    double least() {
        return Arrays.stream(sorted()).min().orElseThrow();
    }

    double most() {
        return Arrays.stream(sorted()).max().orElseThrow();
    }

    private double[] sorted() {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** As its row of the table. */
    String line() {
        return String.format(
                Locale.ROOT,
                "| %-58s | %9s %-4s | %9s–%-9s | %8s | %-3s |",
                name,
                number(median()),
                unit,
                number(least()),
                number(most()),
                wish(),
                goal == null ? "" : isMet() ? "yes" : "no");
    }

    /** The goal, with its direction; empty where there is none. */
    String wish() {
        return goal == null ? "" : (atMost ? "≤ " : "≥ ") + number(goal);
    }

    boolean isMet() {
        return reached(median()) >= 1;
    }

    /** How much of the goal this value is, of which more is better; 0 where there is none. */
    double reached(double value) {
        return goal == null ? 0 : atMost ? goal / value : value / goal;
    }

    static String header() {
        return String.format("| %-58s | %-14s | %-19s | %-8s | %-3s |%n", "", "median", "spread", "goal", "met")
                + "|---|---|---|---|---|";
    }

    static String number(double value) {
        return String.format(Locale.ROOT, Math.abs(value) >= 100 ? "%.0f" : "%.2f", value);
    }
}
