package org.multisession.copy;

import java.util.ArrayList;
import java.util.List;

/** Collects the faults that are found; of very many, only the first are kept. */
final class Faults {

    private static final int KEPT = 1000;

    private final List<RowFault> kept = new ArrayList<>();
    private long count;

    void add(RowFault fault) {
        count++;
        if (kept.size() < KEPT) {
            kept.add(fault);
        }
    }

    Faults copy() {
        Faults copy = new Faults();
        copy.kept.addAll(kept);
        copy.count = count;
        return copy;
    }

    boolean isEmpty() {
        return count == 0;
    }

    long count() {
        return count;
    }

    List<RowFault> kept() {
        return List.copyOf(kept);
    }
}
