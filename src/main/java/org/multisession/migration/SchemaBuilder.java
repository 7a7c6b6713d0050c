package org.multisession.migration;

import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.multisession.db.ComposedSql;
import org.multisession.db.SqlTime;
import org.multisession.db.Transaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the tables, indexes and triggers that an {@link Inspection} has found missing. It writes no row of theirs. */
final class SchemaBuilder {

    private static final Logger log = LoggerFactory.getLogger(Migrator.class);

    private static final String RECORD_CREATED = "INSERT INTO multisession_created (name, created_at) VALUES (?, ?)";

    /** For {@code {tableOfUsers}} in {@link org.multisession.db.Vendor#words}. */
    private static final String FORGET_WATCH = "DELETE FROM multisession_state WHERE name = 'users-watched'";

    private static final String RECORD_WATCH =
            "INSERT INTO multisession_state (name, value, changed_at) VALUES ('users-watched', ?, ?)";

    private final InstantSource clock;
    private final Consumer<String> beforeStatement;

    SchemaBuilder(InstantSource clock, Consumer<String> beforeStatement) {
        this.clock = clock;
        this.beforeStatement = beforeStatement;
    }

    /** Makes what an inspection found missing; returns the names of it. */
    List<String> make(Transaction transaction, Inspection found) throws SQLException {
        for (StrayReference stray : found.stray()) {
            beforeStatement.accept("correct the foreign key to " + stray.table());
            stray.correct(transaction);
        }
        List<SchemaObject> made = toMake(found);
        for (SchemaObject object : made) {
            if (!found.missing().contains(object)) {
                execute(transaction, "DROP " + object.kind() + " " + object.name());
            }
        }
        for (Catalogue.Entry object : found.retired()) {
            execute(transaction, "DROP " + object.type() + " " + object.name());
        }
        List<String> names = new ArrayList<>();
        for (SchemaObject object : made) {
            execute(transaction, object.sql());
        }
        toTell(found).forEach(object -> names.add(object.name()));
        found.stray().forEach(stray -> names.add("foreign key of user_sessions to users"));
        recordWhatIsNotMarkedByItsName(transaction, found.missing());
        if (made.stream().anyMatch(SchemaBuilder::watchesUsers)
                || found.catalogue().hasPutBackOn("users")) {
            String now = SqlTime.format(clock.instant());
            execute(transaction, FORGET_WATCH);
            execute(transaction, RECORD_WATCH, now, now);
        }
        return names;
    }

    /** Tells what was made. */
    static void tell(Inspection found) {
        if (!found.catalogue().putBack().isEmpty()) {
            log.warn(
                    "Migration: somebody has rebuilt a table and put our triggers back ({}), or a version from before {} was"
                            + " deployed; perhaps nobody watched meanwhile, so only what is as it was written down before is"
                            + " believed",
                    String.join(", ", found.catalogue().putBack()),
                    SchemaObject.MADE_LAST);
        }
        found.stray()
                .forEach(stray -> log.info(
                        "Migration: the foreign key of user_sessions led to {}; it leads to users again",
                        stray.table()));
        found.retired()
                .forEach(object ->
                        log.info("Migration: removed {} {} of an earlier version", object.type(), object.name()));
        Map<String, List<String>> made = new LinkedHashMap<>();
        toTell(found)
                .forEach(object -> made.computeIfAbsent(object.kind(), kind -> new ArrayList<>())
                        .add(object.name()));
        // No lambda: the log of Tomcat names the method of each line.
        for (Map.Entry<String, List<String>> each : made.entrySet()) {
            log.info("Migration: made {}", listed(each.getKey(), each.getValue()));
        }
    }

    /** For example {@code 2 indexes: a, b}. */
    private static String listed(String kind, List<String> names) {
        return names.size() == 1
                ? kind + " " + names.get(0)
                : names.size() + " " + kind + (kind.endsWith("x") ? "es: " : "s: ") + String.join(", ", names);
    }

    /**
     * Refuses where something is still missing, or where something else than what was to be made has changed.
     *
     * @param left what is to be made later
     */
    static void verify(Transaction transaction, Inspection found, List<SchemaObject> left) throws SQLException {
        Inspection now = Inspection.ofSchema(transaction);
        if (!now.without(left).isComplete()) {
            throw new MigrationRefusedException("after the migration something was still missing; it was rolled back");
        }
        log.info("Migration: checked table user_sessions: it has every column that is needed");
        Set<String> additions = new HashSet<>();
        toMake(found).forEach(object -> additions.add(object.name()));
        if (!found.stray().isEmpty()) {
            additions.add("user_sessions");
        }
        found.retired().forEach(object -> additions.add(object.name()));
        if (!now.catalogue().schemaWithout(additions).equals(found.catalogue().schemaWithout(additions))) {
            throw new MigrationRefusedException(
                    "the migration would have changed a table that was there before; it was rolled back");
        }
    }

    /** In the order of the files. With any trigger, that which comes after all others is made anew. */
    private static List<SchemaObject> toMake(Inspection found) {
        List<SchemaObject> asked = toTell(found);
        boolean isATrigger = asked.stream().anyMatch(object -> object.kind().equals("trigger"));
        return Stream.concat(SchemaObject.users().stream(), SchemaObject.additions().stream())
                .filter(object -> asked.contains(object) || (isATrigger && object.isMadeLast()))
                .toList();
    }

    /** What somebody might miss. */
    private static List<SchemaObject> toTell(Inspection found) {
        return Stream.concat(found.missing().stream(), found.outdated().stream())
                .toList();
    }

    private static boolean watchesUsers(SchemaObject object) {
        return object.kind().equals("trigger") && object.isOn("users");
    }

    private void recordWhatIsNotMarkedByItsName(Transaction transaction, List<SchemaObject> made) throws SQLException {
        for (SchemaObject object : made) {
            if (!object.isMarkedByName()) {
                // A name may be in there from before, if the team has dropped the object since.
                execute(transaction, "DELETE FROM multisession_created WHERE name = ?", object.name());
                execute(transaction, RECORD_CREATED, object.name(), SqlTime.format(clock.instant()));
            }
        }
    }

    private void execute(Transaction transaction, String sql, String... values) throws SQLException {
        beforeStatement.accept(sql);
        ComposedSql.update(transaction, sql, (Object[]) values);
    }
}
