package org.multisession.check;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.multisession.db.SqlTime;

/** What is odd about the time in a session's row. */
final class StoredTime {

    /** The format that SQLAlchemy writes, and the only one that every version of it reads. */
    private static final Pattern USUAL =
            Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?");

    private StoredTime() {}

    /**
     * Its faults.
     *
     * @param type what SQLite calls the value: {@code text}, {@code integer}, {@code real}, {@code blob}, {@code null}
     */
    static Set<Fault> faults(String type, @Nullable String stored, Instant now) {
        if (stored == null || type.equals("null")) {
            return EnumSet.of(Fault.MISSING_TIME);
        }
        Instant time = type.equals("text") || type.equals("integer") ? SqlTime.parse(stored) : null;
        if (time == null) {
            return EnumSet.of(Fault.UNREADABLE_TIME);
        }
        Set<Fault> faults = EnumSet.noneOf(Fault.class);
        if (type.equals("integer")) {
            faults.add(Fault.INTEGER_TIME);
        } else if (!SqlTime.isAsWritten(stored) && !USUAL.matcher(stored).matches()) {
            faults.add(Fault.ISO_TIME);
        }
        // As UserSession judges it.
        if (time.isAfter(now.plus(1, ChronoUnit.DAYS))) {
            faults.add(Fault.FUTURE_TIME);
        }
        return faults;
    }
}
