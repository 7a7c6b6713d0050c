package org.multisession.check;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Collects the findings, with every row. */
final class Findings {

    /** How many rows of one kind a report for people shows. */
    static final int ROWS_SHOWN = 20;

    private final Map<Fault, List<Row>> found = new EnumMap<>(Fault.class);

    void add(Fault fault, Row row) {
        found.computeIfAbsent(fault, key -> new ArrayList<>()).add(row);
    }

    /** The worst first. */
    List<Finding> all() {
        return found.entrySet().stream()
                .map(entry -> Finding.of(entry.getKey(), entry.getValue()))
                .toList();
    }
}
