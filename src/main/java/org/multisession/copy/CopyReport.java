package org.multisession.copy;

import java.time.Duration;
import java.util.List;

/**
 * What a copy has done.
 *
 * @param tables one for each table, in the order in which they were carried; none where rows were refused
 * @param faults rows that the target cannot take; nothing was carried then
 * @param faultCount how many there are, of which the list has the first
 * @param notes what has no counterpart in the target
 * @param movedOn how many rows of the source were changed by others while it was being copied
 */
public record CopyReport(List<Table> tables, List<RowFault> faults, long faultCount, List<String> notes, long movedOn) {

    /** What became of one table. */
    public record Table(String name, long rows, long carried, long updated, long deleted, Duration took) {}

    /** Whether the target holds now what the source holds. */
    public boolean isSame() {
        return faultCount == 0 && movedOn == 0;
    }

    CopyReport withMovedOn(long rows) {
        return new CopyReport(tables, faults, faultCount, notes, rows);
    }
}
