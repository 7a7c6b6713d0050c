package org.multisession.check;

import java.io.File;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.multisession.Product;

/**
 * The result of a check.
 *
 * @param place the file, or the address of the database
 * @param isFile whether it is a file
 * @param product the product and version that checked
 * @param findings the worst first
 */
public record Report(
        String place,
        boolean isFile,
        Product product,
        CheckRules rules,
        Instant checkedAt,
        List<Fact> facts,
        List<Finding> findings) {

    /** What to call it in a headline: the name of the file, or of the database. */
    String name() {
        return place.substring(place.lastIndexOf(isFile ? File.separatorChar : '/') + 1);
    }

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
