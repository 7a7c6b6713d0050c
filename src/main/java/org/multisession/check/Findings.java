package org.multisession.check;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Gathers what is found: counts all, and keeps the first rows of each kind. */
final class Findings {

    /** A report is read by a person. */
    static final int ROWS_SHOWN = 20;

    private static final class Found {
        private final List<Row> rows = new ArrayList<>();
        private long count;
    }

    private final Map<Fault, Found> found = new EnumMap<>(Fault.class);

    void add(Fault fault, Row row) {
        Found all = found.computeIfAbsent(fault, key -> new Found());
        all.count++;
        if (all.rows.size() < ROWS_SHOWN) {
            all.rows.add(row);
        }
    }

    /** The worst first. */
    List<Finding> all() {
        return found.entrySet().stream()
                .map(entry -> new Finding(entry.getKey(), entry.getValue().count, List.copyOf(entry.getValue().rows)))
                .toList();
    }
}
