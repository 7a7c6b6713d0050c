package org.multisession.check;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.multisession.Product;

/**
 * The result of a check.
 *
 * @param product the product and version that checked
 * @param findings the worst first
 */
public record Report(
        Path file, Product product, CheckRules rules, Instant checkedAt, List<Fact> facts, List<Finding> findings) {

    /** Whether the deploy signs nobody out and opens no account to anybody else. */
    public boolean isSafe() {
        return unsafe().isEmpty();
    }

    /** The last line of every report for people. */
    String verdict() {
        if (isSafe()) {
            return "SAFE";
        }
        long users = unsafe().stream()
                .flatMap(finding -> finding.rows().stream())
                .flatMap(row -> row.concerned().stream())
                .distinct()
                .count();
        return "NOT SAFE: " + counted(unsafe().size(), "finding") + " to fix before the deploy"
                + (users == 0 ? "" : ", for " + counted(users, "user"));
    }

    static String counted(long number, String what) {
        return String.format(Locale.ROOT, "%,d %s%s", number, what, number == 1 ? "" : "s");
    }

    private List<Finding> unsafe() {
        return findings.stream()
                .filter(finding -> finding.fault().severity() == Severity.NOT_SAFE)
                .toList();
    }
}
