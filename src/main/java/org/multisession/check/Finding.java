package org.multisession.check;

import java.util.List;
import java.util.Locale;

/**
 * One kind of fault, with all the places where it occurs.
 *
 * @param rows all of them
 * @param users how many users they concern
 */
public record Finding(Fault fault, List<Row> rows, long users) {

    static Finding of(Fault fault, List<Row> rows) {
        return new Finding(
                fault,
                List.copyOf(rows),
                rows.stream()
                        .flatMap(row -> row.concerned().stream())
                        .distinct()
                        .count());
    }

    long count() {
        return rows.size();
    }

    /** How many there are and, if that differs, how many users they concern. */
    String inNumbers() {
        String number = String.format(Locale.ROOT, "%,d", count());
        return users == 0 || users == count() ? number : number + ", of " + Report.counted(users, "user");
    }
}
