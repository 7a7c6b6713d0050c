package org.multisession.migration;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.multisession.db.Database;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tables that are to go, under names that mean nothing to anybody. Whoever has many tables to drop renames all of them
 * in one short transaction, from which on they are gone for everybody, and drops one after the other later: that takes
 * long where they have many rows.
 */
final class Leavings {

    private static final Logger log = LoggerFactory.getLogger(Leavings.class);

    private static final String PREFIX = SchemaObject.OUR_PREFIX + "leaving_";

    private Leavings() {}

    /** Takes a table out of the way with everything that is on it, whose names are free then. */
    static void leave(Transaction transaction, Catalogue catalogue, String table, Consumer<String> beforeStatement)
            throws SQLException {
        List<Catalogue.Entry> dropped = catalogue.all().stream()
                .filter(entry -> entry.table().equalsIgnoreCase(table))
                .filter(entry -> entry.type().equals("index") || entry.type().equals("trigger"))
                .toList();
        for (Catalogue.Entry entry : dropped) {
            execute(transaction, "DROP " + entry.type() + " " + quoted(entry.name()), beforeStatement);
        }
        execute(transaction, "ALTER TABLE " + quoted(table) + " RENAME TO " + free(transaction), beforeStatement);
    }

    private static String free(Transaction transaction) throws SQLException {
        Catalogue now = Catalogue.read(transaction);
        for (int number = 1; ; number++) {
            if (!now.has(PREFIX + number)) {
                return PREFIX + number;
            }
        }
    }

    /** Does work that renames tables: views of the team's that do not work, and never did, are none of its business. */
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
            try (PreparedStatement statement = handle.prepare("PRAGMA legacy_alter_table = " + value)) {
                return statement.execute();
            }
        });
    }

    /** Drops what has been left behind, each table in a transaction of its own, with rests. */
    static void drop(Database database, Pacing pacing, LongSupplier nanoTime, Consumer<String> beforeStatement) {
        for (String table : names(database)) {
            long start = nanoTime.getAsLong();
            database.execute(transaction -> {
                if (Catalogue.read(transaction).has(table)) {
                    execute(transaction, "DROP TABLE " + quoted(table), beforeStatement);
                }
            });
            long took = nanoTime.getAsLong() - start;
            log.debug("Dropped {} in {} ms", table, took / 1_000_000);
            pacing.rest(took);
        }
    }

    private static List<String> names(Database database) {
        return database.read(handle -> {
            List<String> names = new ArrayList<>();
            for (String name : Catalogue.read(handle).relations()) {
                if (isOne(name)) {
                    names.add(name);
                }
            }
            return names;
        });
    }

    /** Whether a table of this name has been left behind. */
    static boolean isOne(String name) {
        return name.startsWith(PREFIX);
    }

    private static String quoted(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    private static void execute(Transaction transaction, String sql, Consumer<String> beforeStatement)
            throws SQLException {
        beforeStatement.accept(sql);
        try (PreparedStatement statement = transaction.prepare(sql)) {
            statement.executeUpdate();
        }
    }
}
