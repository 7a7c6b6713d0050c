package org.multisession.migration;

import java.util.List;
import java.util.function.Supplier;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.Sql;

/**
 * Gives the writing connection more memory while much is written, and keeps it from writing into the file before the
 * commit: beside a rollback journal nobody could read from then on.
 */
final class Room {

    private static final List<String> MUCH = List.of("PRAGMA cache_spill = OFF", "PRAGMA cache_size = -131072");

    /** SQLite's own defaults, but for the size of the cache, which is as it was before. */
    private static final List<String> USUAL =
            List.of("PRAGMA cache_spill = ON", "PRAGMA threads = 0", "PRAGMA shrink_memory");

    /** An index is sorted in as much memory as the cache may have, and fastest in what a processor's own cache holds. */
    private static final List<String> FOR_SORTING = List.of("PRAGMA cache_spill = OFF", "PRAGMA cache_size = -2000");

    private static final Sql CACHE_SIZE = Sql.of("size of the page cache", "SELECT cache_size FROM pragma_cache_size");

    private Room() {}

    /** Does work with more memory, and gives it back. */
    static <T> T around(Database database, Supplier<T> work) {
        long usualSize =
                database.outsideTransaction(handle -> handle.query(CACHE_SIZE).one(row -> row.number("cache_size")));
        set(database, MUCH);
        try {
            return work.get();
        } finally {
            set(database, List.of("PRAGMA cache_size = " + usualSize));
            set(database, USUAL);
        }
    }

    /** The same for work that makes an index. */
    static <T> T forSorting(Database database, Supplier<T> work) {
        set(database, FOR_SORTING);
        try {
            return work.get();
        } finally {
            set(database, MUCH);
        }
    }

    private static void set(Database database, List<String> pragmas) {
        boolean unused = database.outsideTransaction(handle -> {
            for (String pragma : pragmas) {
                ComposedSql.run(handle, pragma);
            }
            return true;
        });
    }
}
