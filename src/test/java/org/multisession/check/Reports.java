package org.multisession.check;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a report found. */
final class Reports {

    private Reports() {}

    static Set<String> codes(Report report) {
        return report.findings().stream()
                .map(finding -> finding.fault().code())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Every row of a finding as text. */
    static List<String> rows(Report report, Fault fault) {
        return rows(report, fault.code());
    }

    static List<String> rows(Report report, String code) {
        return report.findings().stream()
                .filter(finding -> finding.fault().code().equals(code))
                .flatMap(finding -> finding.rows().stream())
                .map(Row::text)
                .toList();
    }

    /** What the report says of a fact, which must be in it. */
    static String text(Report report, String code) {
        return report.facts().stream()
                .filter(fact -> fact.code().equals(code))
                .map(Fact::value)
                .findFirst()
                .orElseThrow();
    }

    static String written(Report report, Format format) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            format.write(report, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
