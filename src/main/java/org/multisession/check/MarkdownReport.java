package org.multisession.check;

import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Collectors;

/** A report to attach to a change request, with lines for signatures. */
final class MarkdownReport {

    private static final String SPECIAL = "([\\\\`*_{}\\[\\]<>#|])";

    private final StringBuilder text = new StringBuilder();

    private MarkdownReport() {}

    static String write(Report report) {
        MarkdownReport markdown = new MarkdownReport();
        markdown.line("# Check of " + escaped(report.name()));
        markdown.line("");
        markdown.line("Is it safe to deploy Multi-Session on " + escaped(report.place()) + " in stage "
                + report.rules().stage().stored() + "? Checked at "
                + report.checkedAt().truncatedTo(ChronoUnit.SECONDS) + " by "
                + escaped(report.product().toString()) + ".");
        markdown.line("");
        markdown.line("**" + report.verdict() + "**");
        markdown.facts(report.facts());
        markdown.findings(report.findings());
        markdown.line("");
        markdown.line("## Signed off");
        markdown.line("");
        markdown.line("Checked by: ____________________");
        markdown.line("");
        markdown.line("Date: ____________________");
        markdown.line("");
        markdown.line(report.verdict());
        return markdown.text.toString();
    }

    private void facts(List<Fact> facts) {
        line("");
        line("## What the database holds");
        line("");
        line("| | |");
        line("|---|---|");
        facts.forEach(fact -> line("| " + escaped(fact.label()) + " | " + escaped(fact.value()) + " |"));
    }

    private void findings(List<Finding> findings) {
        line("");
        line("## Findings");
        line("");
        if (findings.isEmpty()) {
            line("No findings.");
            return;
        }
        line("| | what it is | how many | where | what it means | what to do |");
        line("|---|---|---|---|---|---|");
        for (Finding finding : findings) {
            Fault fault = finding.fault();
            String rows = finding.rows().stream()
                    .limit(Findings.ROWS_SHOWN)
                    .map(row -> escaped(row.text()))
                    .collect(Collectors.joining("<br>"));
            long more = finding.count() - Findings.ROWS_SHOWN;
            line("| "
                    + (fault.severity() == Severity.NOT_SAFE
                            ? "**not safe**"
                            : fault.severity().text()) + " | "
                    + escaped(fault.title()) + " (`" + fault.code() + "`) | " + finding.inNumbers() + " | " + rows
                    + (more > 0 ? "<br>and " + more + " more; `--format=json` lists all" : "") + " | "
                    + escaped(fault.meaning()) + " | "
                    + escaped(fault.toDo()) + " |");
        }
    }

    private void line(String line) {
        text.append(line).append('\n');
    }

    /** A name in the database may contain anything. */
    private static String escaped(String text) {
        return text.replaceAll(SPECIAL, "\\\\$1").replaceAll("\\R", " ");
    }
}
