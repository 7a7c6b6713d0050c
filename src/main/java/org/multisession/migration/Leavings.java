package org.multisession.migration;

import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tables that are being dropped, under names that mean nothing to anybody. Dropping a table with many rows takes long,
 * because SQLite overwrites each page that it frees, and others wait meanwhile. So such tables are first renamed, all
 * of them in one short transaction; from then on they are gone for everybody. What takes long follows in pieces: the
 * indexes, each in a transaction of its own, then the rows, some at a time, and at last the empty table.
 */
final class Leavings {

    private static final Logger log = LoggerFactory.getLogger(Leavings.class);

    private static final String PREFIX = SchemaObject.OUR_PREFIX + "leaving_";

    private static final String WORDS = "removing rows";

    private final Database database;
    private final LongSupplier nanoTime;
    private final Pacing pacing;
    private final Progress progress;
    private final Consumer<String> beforeStatement;

    Leavings(
            Database database,
            LongSupplier nanoTime,
            Pacing pacing,
            Progress progress,
            Consumer<String> beforeStatement) {
        this.database = database;
        this.nanoTime = nanoTime;
        this.pacing = pacing;
        this.progress = progress;
        this.beforeStatement = beforeStatement;
    }

    /** Takes a table out of the way. Its indexes keep their names until they are dropped. */
    static void leave(Transaction transaction, String table, Consumer<String> beforeStatement) throws SQLException {
        execute(
                transaction,
                "ALTER TABLE " + ComposedSql.quoted(table) + " RENAME TO " + free(transaction),
                beforeStatement);
    }

    private static String free(Transaction transaction) throws SQLException {
        Catalogue now = Catalogue.read(transaction);
        for (int number = 1; ; number++) {
            if (!now.has(PREFIX + number)) {
                return PREFIX + number;
            }
        }
    }

    /** Drops one of our triggers. */
    static void dropTrigger(Transaction transaction, String trigger, Consumer<String> beforeStatement)
            throws SQLException {
        execute(transaction, "DROP TRIGGER " + ComposedSql.quoted(trigger), beforeStatement);
    }

    /** Does work that renames tables, whether or not all of the team's views are valid. */
    static <T> T renaming(Database database, Supplier<T> work) {
        legacyAlterTable(database, "ON");
        try {
            return work.get();
        } finally {
            legacyAlterTable(database, "OFF");
        }
    }

    private static void legacyAlterTable(Database database, String value) {
        boolean unused = database.outsideTransaction(handle -> {
            ComposedSql.run(handle, "PRAGMA legacy_alter_table = " + value);
            return true;
        });
    }

    /** Drops what has been left behind, in short transactions with rests. Goes on where another run was stopped. */
    void drop() {
        for (Catalogue.Entry table : all("table")) {
            String name = table.name();
            for (Catalogue.Entry index : all("index")) {
                if (index.table().equals(name)) {
                    dropAlone("INDEX", index.name(), name);
                }
            }
            empty(name);
            dropAlone("TABLE", name, name);
        }
    }

    /** What has been left behind and the indexes on it, but for those that SQLite has made by itself. */
    private List<Catalogue.Entry> all(String type) {
        return pacing.patiently(() -> database.read(Catalogue::read)).all().stream()
                .filter(entry -> entry.type().equals(type) && isOne(entry.table()))
                .toList();
    }

    private void dropAlone(String type, String name, String table) {
        long start = nanoTime.getAsLong();
        boolean unused = pacing.patiently(() -> database.write(transaction -> {
            // Another process may be at the same work.
            boolean isThere = isIn(Catalogue.read(transaction), name, table);
            if (isThere) {
                execute(transaction, "DROP " + type + " " + ComposedSql.quoted(name), beforeStatement);
            }
            return isThere;
        }));
        long took = nanoTime.getAsLong() - start;
        log.debug("Dropping {} held the database for {} ms", name, took / 1_000_000);
        pacing.rest(took);
    }

    private void empty(String table) {
        long total = pacing.patiently(
                () -> database.read(handle -> Catalogue.read(handle).has(table) ? Snapshot.rows(handle, table) : 0L));
        long done = 0;
        int rows;
        int gone;
        do {
            rows = pacing.rows();
            long start = nanoTime.getAsLong();
            gone = delete(table, rows);
            done += gone;
            if (gone > 0) {
                progress.at(WORDS, Math.min(done, Math.max(0, total - 1)), total);
                pacing.restAndLearn(nanoTime.getAsLong() - start);
            }
        } while (gone == rows);
        progress.at(WORDS, total, total);
    }

    private int delete(String table, int rows) {
        return pacing.patiently(() -> database.write(transaction -> isIn(Catalogue.read(transaction), table, table)
                ? execute(transaction, "DELETE FROM " + ComposedSql.quoted(table) + " LIMIT " + rows, beforeStatement)
                : 0));
    }

    private static boolean isIn(Catalogue catalogue, String name, String table) {
        Catalogue.@Nullable Entry entry = catalogue.get(name);
        return entry != null && Objects.equals(entry.table(), table);
    }

    /** Whether a table of this name has been left behind. */
    static boolean isOne(String table) {
        return table.startsWith(PREFIX);
    }

    private static int execute(Transaction transaction, String sql, Consumer<String> beforeStatement)
            throws SQLException {
        beforeStatement.accept(sql);
        return ComposedSql.update(transaction, sql);
    }
}
