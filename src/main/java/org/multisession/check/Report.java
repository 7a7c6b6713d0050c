package org.multisession.check;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * What a check has found.
 *
 * @param findings the worst first
 */
public record Report(Path file, CheckRules rules, Instant checkedAt, List<Fact> facts, List<Finding> findings) {

    /** Whether the deploy signs nobody out and opens no account to anybody else. */
    public boolean isSafe() {
        return unsafe() == 0;
    }

    /** The last line of every report for people. */
    String verdict() {
        if (isSafe()) {
            return "SAFE";
        }
        return "NOT SAFE: " + (unsafe() == 1 ? "1 finding" : unsafe() + " findings") + " to mend before the deploy";
    }

    private long unsafe() {
        return findings.stream()
                .filter(finding -> finding.fault().severity() == Severity.NOT_SAFE)
                .count();
    }
}
