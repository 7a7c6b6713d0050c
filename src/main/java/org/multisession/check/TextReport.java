package org.multisession.check;

import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A report for a terminal of 100 columns. Begins with what was checked and ends with the verdict. */
final class TextReport {

    private static final int WIDTH = 100;
    private static final String INDENT = "    ";

    private final List<String> lines = new ArrayList<>();

    private TextReport() {}

    static String write(Report report) {
        TextReport text = new TextReport();
        text.lines.add("Check of " + report.place() + " for stage "
                + report.rules().stage().stored() + ", " + report.checkedAt().truncatedTo(ChronoUnit.SECONDS));
        text.lines.add("By " + report.product());
        text.facts(report.facts());
        if (report.findings().isEmpty()) {
            text.lines.add("");
            text.lines.add("No findings.");
        }
        report.findings().forEach(text::finding);
        text.lines.add("");
        text.lines.add(report.verdict());
        return String.join("\n", text.lines) + "\n";
    }

    private void facts(List<Fact> facts) {
        lines.add("");
        int widest =
                facts.stream().mapToInt(fact -> fact.label().length()).max().orElse(0);
        for (Fact fact : facts) {
            String label = fact.label() + " ".repeat(widest - fact.label().length() + 2);
            wrap(label, " ".repeat(label.length()), fact.value());
        }
    }

    private void finding(Finding finding) {
        Fault fault = finding.fault();
        lines.add("");
        wrap(
                "",
                INDENT,
                fault.severity().text().toUpperCase(Locale.ROOT) + ": " + fault.title() + " [" + fault.code() + "], "
                        + finding.inNumbers());
        finding.rows().stream()
                .limit(Findings.ROWS_SHOWN)
                .forEach(row -> wrap(INDENT + "- ", INDENT + "  ", row.text()));
        long more = finding.count() - Findings.ROWS_SHOWN;
        if (more > 0) {
            lines.add(INDENT + String.format(Locale.ROOT, "- and %,d more; --format=json lists all", more));
        }
        wrap(INDENT, INDENT, "Means: " + fault.meaning());
        wrap(INDENT, INDENT, "To do: " + fault.toDo());
    }

    private void wrap(String first, String others, String text) {
        StringBuilder line = new StringBuilder(first);
        boolean isEmpty = true;
        for (String word : text.split(" ", -1)) {
            if (!isEmpty && line.length() + 1 + word.length() > WIDTH) {
                lines.add(line.toString());
                line = new StringBuilder(others);
                isEmpty = true;
            }
            line.append(isEmpty ? "" : " ").append(word);
            isEmpty = false;
        }
        lines.add(line.toString());
    }
}
