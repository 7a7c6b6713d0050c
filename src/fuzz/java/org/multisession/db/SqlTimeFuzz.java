package org.multisession.db;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** A stored time is a moment or none; what is written of it is read as the same moment. */
public final class SqlTimeFuzz {

    private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");
    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

    private SqlTimeFuzz() {}

    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        Instant read = SqlTime.parse(data.consumeRemainingAsString());
        if (read != null
                && !read.isBefore(FIRST)
                && !read.isAfter(LAST)
                && !read.truncatedTo(ChronoUnit.MICROS).equals(SqlTime.parse(SqlTime.format(read)))) {
            throw new AssertionError(read);
        }
    }
}
