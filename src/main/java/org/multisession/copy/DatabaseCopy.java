package org.multisession.copy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.DatabaseException;
import org.multisession.db.Handle;
import org.multisession.db.Source;
import org.multisession.db.Transaction;
import org.multisession.db.postgres.TimeLimits;
import org.multisession.db.sqlite.ReadOnlyDatabase;
import org.multisession.db.sqlite.ScratchCopy;
import org.multisession.db.sqlite.SqliteFile;
import org.multisession.migration.Migrator;
import org.multisession.migration.Progress;
import org.multisession.migration.Step;
import org.multisession.migration.postgres.PostgresMigrator;

/**
 * Makes a database hold exactly what another one holds, while the app goes on using that one.
 *
 * <p>The source is read as it was at one moment. In the target everything happens in one transaction: rows that differ are
 * replaced, every row is then compared again, and only what is equal is committed. So a target is never half done, and a
 * copy that was stopped is simply run again. Our triggers and all foreign keys are set aside meanwhile, in the same
 * transaction: a carried row is nothing that happens now.
 */
public final class DatabaseCopy {

    private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(5);
    private static final String TOKENS = "multisession_tokens";
    private static final String STATE = "multisession_state";
    private static final String SESSIONS = "user_sessions";
    private static final String OWNER = "the copy";

    private final InstantSource clock;
    private final Progress progress;
    private final boolean overwrite;

    /** @param overwrite whether a target that a Tomcat has used since the latest copy may be overwritten */
    public DatabaseCopy(InstantSource clock, Progress progress, boolean overwrite) {
        this.clock = clock;
        this.progress = progress;
        this.overwrite = overwrite;
    }

    /** Refused rows end a transaction, so that nothing of it is kept. */
    private static final class RowsRefused extends RuntimeException {

        private static final long serialVersionUID = 1L;
        private final transient Faults faults;

        RowsRefused(Faults faults) {
            super(null, null, false, false);
            this.faults = faults;
        }
    }

    /** What PostgreSQL could not take of a SQLite database. Changes nothing. */
    public CopyReport findings(Path source) {
        return onSnapshot(
                source,
                from -> from.read(handle -> {
                    SqliteCatalogue catalogue = SqliteCatalogue.read(handle);
                    List<String> notes = new ArrayList<>(catalogue.notes());
                    Map<String, TableShape> shapes = widened(handle, catalogue.tables(), notes);
                    Faults faults = new Faults();
                    for (TablePlan plan : new Plans(shapes, shapes, shapes).all()) {
                        Step step = step("reading " + plan.name(), handle, plan);
                        try (SqliteRows rows = new SqliteRows(handle, plan, faults)) {
                            long count = 0;
                            while (rows.next() != null) {
                                step.at(++count);
                            }
                        }
                        step.end();
                    }
                    findOrphans(handle, faults);
                    return new CopyReport(List.of(), faults.kept(), faults.count(), notes, 0);
                }));
    }

    /**
     * Carries a SQLite database to PostgreSQL.
     *
     * @throws CopyRefusedException if the two do not fit together, or the target was used since the latest copy
     */
    public CopyReport toPostgres(Path source, Source target) {
        try (Database to = target(() -> Database.open(target, 2, BUSY_TIMEOUT))) {
            String before = stamp(source);
            CopyReport report = onSnapshot(source, from -> from.read(handle -> carryTo(to, handle)));
            if (report.faultCount() > 0 || stamp(source).equals(before)) {
                return report;
            }
            return report.withMovedOn(onSnapshot(source, from -> from.read(handle -> differencesOnServer(to, handle))));
        } catch (DatabaseException e) {
            // A file has no account: it is that of the target.
            throw inOptions(
                    e,
                    Map.of(
                            "multisession.db.user",
                            "--to.user",
                            "multisession.db.password",
                            "MULTISESSION_TO_PASSWORD"));
        }
    }

    /** Opens the target; what is wrong with its name is wrong with an option. */
    private static Database target(Supplier<Database> opening) {
        try {
            return opening.get();
        } catch (DatabaseException e) {
            throw inOptions(e, Map.of("multisession.db.url", "--to"));
        }
    }

    private static DatabaseException inOptions(DatabaseException e, Map<String, String> options) {
        String told = String.valueOf(e.getMessage());
        String named = told;
        for (Map.Entry<String, String> option : options.entrySet()) {
            named = named.replace(option.getKey(), option.getValue());
        }
        return named.equals(told) ? e : new DatabaseException(named, e.kind(), e);
    }

    /** Stays the same as long as nobody writes to the file. */
    private static String stamp(Path source) {
        StringBuilder stamp = new StringBuilder();
        for (String suffix : List.of("", "-wal")) {
            Path file = Path.of(source + suffix);
            try {
                stamp.append(Files.size(file)).append(' ').append(Files.getLastModifiedTime(file));
            } catch (IOException e) {
                stamp.append("none");
            }
            stamp.append('\n');
        }
        return stamp.toString();
    }

    /** A file of its own: nobody waits for us, and nothing changes while it is read. */
    private static <T> T onSnapshot(Path source, Function<Database, T> work) {
        try (ReadOnlyDatabase original = ReadOnlyDatabase.open(source, BUSY_TIMEOUT);
                ScratchCopy scratch = ScratchCopy.of(original, System::nanoTime);
                Database snapshot = Database.open(SqliteFile.claim(scratch.path(), false, OWNER), 1, BUSY_TIMEOUT)) {
            return work.apply(snapshot);
        }
    }

    /**
     * Carries a PostgreSQL database to a SQLite file, which is made if there is none.
     *
     * @throws CopyRefusedException if the two do not fit together, or the target was used since the latest copy
     */
    public CopyReport toSqlite(Source source, Path target) {
        try (Database from = Database.open(source, 2, BUSY_TIMEOUT);
                Database to = target(() -> Database.open(SqliteFile.claim(target, true, OWNER), 1, BUSY_TIMEOUT))) {
            String before = stamp(from);
            CopyReport report = onSnapshot(from, snapshot -> carryBack(snapshot, to));
            if (report.faultCount() > 0 || stamp(from).equals(before)) {
                return report;
            }
            return report.withMovedOn(onSnapshot(from, snapshot -> differencesInFile(to, snapshot)));
        }
    }

    /** Stays the same as long as nobody writes to the server. */
    private static String stamp(Database server) {
        return server.read(handle -> ComposedSql.texts(handle, "SELECT pg_current_snapshot()::TEXT"))
                .get(0);
    }

    private static <T> T onSnapshot(Database server, Database.Work<? super Handle, T> work) {
        return server.write(snapshot -> {
            ComposedSql.run(snapshot, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
            TimeLimits.liftBesideFile(snapshot);
            return work.run(snapshot);
        });
    }

    private CopyReport carryBack(Handle from, Database to) throws SQLException {
        Map<String, TableShape> tables = PostgresCatalogue.read(from).tables();
        List<String> notes = new ArrayList<>();
        boolean isMigrated = tables.containsKey(STATE);
        if (isMigrated) {
            requireWhole(PostgresMigrator.missing(from));
        }
        requireUnused(
                to,
                isMigrated,
                to.read(handle -> SqliteCatalogue.read(handle).tables().containsKey(STATE)));
        List<String> ours = isMigrated ? ComposedSql.texts(from, "SELECT name FROM multisession_created") : List.of();
        to.execute(transaction -> {
            Map<String, TableShape> missing = new TreeMap<>(tables);
            missing.keySet().removeIf(name -> Plans.isOurs(name) || (name.equals(SESSIONS) && ours.contains(name)));
            missing.keySet()
                    .removeAll(SqliteCatalogue.read(transaction).tables().keySet());
            missing.replaceAll((name, table) -> without(table, ours));
            new SqliteSchema(notes).make(transaction, missing.values());
        });
        if (isMigrated) {
            new Migrator(to, clock).migrate();
        }
        // Within a transaction it has no effect.
        to.outsideTransaction(handle -> {
            ComposedSql.run(handle, "PRAGMA foreign_keys=OFF");
            return true;
        });
        try {
            List<CopyReport.Table> carried = to.write(transaction -> {
                Plans plans = new Plans(SqliteCatalogue.read(transaction).tables(), tables, tables);
                notes.addAll(plans.notes());
                List<CopyReport.Table> done = carry(
                        transaction,
                        new SqliteTarget(transaction),
                        all -> SqliteSchema.suspend(transaction, all),
                        from,
                        (plan, faults) -> new PostgresRows(from, plan, faults),
                        plans.all(),
                        new Faults());
                if (ComposedSql.number(transaction, "SELECT count(*) FROM pragma_foreign_key_check") > 0) {
                    throw new CopyRefusedException(
                            "a foreign key of the target does not hold for the rows of the source");
                }
                if (isMigrated) {
                    Marks.note(transaction, clock.instant());
                }
                return done;
            });
            return new CopyReport(carried, List.of(), 0, notes, 0);
        } catch (RowsRefused e) {
            return new CopyReport(List.of(), e.faults.kept(), e.faults.count(), notes, 0);
        }
    }

    private CopyReport carryTo(Database to, Handle from) throws SQLException {
        SqliteCatalogue catalogue = SqliteCatalogue.read(from);
        List<String> notes = new ArrayList<>(catalogue.notes());
        boolean isMigrated = catalogue.tables().containsKey(TOKENS);
        if (isMigrated) {
            requireWhole(Migrator.missing(from));
        }
        Faults faults = new Faults();
        findOrphans(from, faults);
        requireTarget(to, isMigrated);
        makeMissing(to, from, catalogue, isMigrated, notes);
        if (isMigrated) {
            new PostgresMigrator(to, clock).migrate();
        }
        try {
            List<CopyReport.Table> tables = to.write(transaction -> {
                Plans plans = new Plans(
                        catalogue.tables(), PostgresCatalogue.read(transaction).tables(), catalogue.tables());
                TimeLimits.liftBesideFile(transaction);
                List<CopyReport.Table> carried = carry(
                        transaction,
                        new PostgresTarget(transaction),
                        all -> PostgresSchema.suspend(transaction, all),
                        from,
                        (plan, found) -> new SqliteRows(from, plan, found),
                        plans.all(),
                        faults);
                for (TablePlan plan : plans.all()) {
                    PostgresSchema.numberOn(transaction, plan, highestKnown(from, plan));
                }
                if (isMigrated) {
                    PostgresMigrator.noteTriggers(transaction, clock.instant());
                    Marks.note(transaction, clock.instant());
                }
                notes.addAll(plans.notes());
                return carried;
            });
            return new CopyReport(tables, List.of(), 0, notes, 0);
        } catch (RowsRefused e) {
            return new CopyReport(List.of(), e.faults.kept(), e.faults.count(), notes, 0);
        }
    }

    /** In the target our triggers are in place, and nobody could tell any more what happened in the source without them. */
    private static void requireWhole(List<String> missing) {
        if (!missing.isEmpty()) {
            throw new CopyRefusedException(
                    "the source lacks " + missing.get(0) + ", which this version needs. Run 'migrate' on it first");
        }
    }

    private void requireTarget(Database to, boolean isMigrated) {
        String obstacle = to.read(PostgresSchema::requireUsable);
        if (!obstacle.isEmpty()) {
            throw new CopyRefusedException(obstacle);
        }
        boolean isTargetMigrated =
                to.read(handle -> PostgresCatalogue.read(handle).tables().containsKey(STATE));
        requireUnused(to, isMigrated, isTargetMigrated);
    }

    private void requireUnused(Database to, boolean isMigrated, boolean isTargetMigrated) {
        if (isTargetMigrated && !isMigrated) {
            throw new CopyRefusedException(
                    "Multi-Session is in the target already, and not in the source. Run 'migrate' on the source first");
        }
        if (isTargetMigrated && !overwrite && to.read(Marks::isUsed)) {
            throw new CopyRefusedException("a Tomcat has run on the target since the latest copy, and everything that"
                    + " happened there would be lost. If that is what you want, add --overwrite");
        }
    }

    /** The team's tables. Ours are made by their migration, and so is a table of sessions that an earlier one has made. */
    private void makeMissing(
            Database to, Handle from, SqliteCatalogue catalogue, boolean isMigrated, List<String> notes)
            throws SQLException {
        Map<String, TableShape> missing = new TreeMap<>(catalogue.tables());
        missing.keySet().removeIf(Plans::isOurs);
        if (isMigrated) {
            List<String> ours = ComposedSql.texts(from, "SELECT name FROM multisession_created");
            if (ours.contains(SESSIONS)) {
                missing.remove(SESSIONS);
            }
            missing.replaceAll((name, table) -> without(table, ours));
        }
        to.execute(transaction -> {
            missing.keySet()
                    .removeAll(PostgresCatalogue.read(transaction).tables().keySet());
            if (!missing.isEmpty()) {
                Map<String, TableShape> made = widened(from, missing, notes);
                new PostgresSchema(notes).make(transaction, made.values(), catalogue.tables());
            }
        });
    }

    /** Without the indexes that our migration makes itself. */
    private static TableShape without(TableShape table, List<String> ours) {
        return new TableShape(
                table.name(),
                table.columns(),
                table.primaryKey(),
                table.indexes().stream()
                        .filter(index -> !Plans.isOurs(index.name()) && !ours.contains(index.name()))
                        .toList(),
                table.foreignKeys());
    }

    /** SQLite keeps texts of any length whatever the column says; a column that has longer ones gets no limit. */
    private static Map<String, TableShape> widened(Handle from, Map<String, TableShape> tables, List<String> notes)
            throws SQLException {
        Map<String, TableShape> widened = new TreeMap<>();
        for (TableShape table : tables.values()) {
            List<TableShape.Column> columns = new ArrayList<>();
            for (TableShape.Column column : table.columns()) {
                ValueType type = column.type();
                if (type != null && type.hasLimitedText() && isLonger(from, table, column, type)) {
                    // Our own are made by our migration there, with room for what we write.
                    if (!Plans.isOurs(table.name())) {
                        notes.add(table.name() + "." + column.name() + " has texts longer than " + column.typeName()
                                + " allows, so the column has no limit in PostgreSQL");
                    }
                    columns.add(new TableShape.Column(
                            column.name(),
                            type.unlimited(),
                            column.typeName(),
                            column.notNull(),
                            column.byDefault(),
                            column.isNumbered()));
                } else {
                    columns.add(column);
                }
            }
            widened.put(
                    table.name(),
                    new TableShape(table.name(), columns, table.primaryKey(), table.indexes(), table.foreignKeys()));
        }
        return widened;
    }

    private static boolean isLonger(Handle from, TableShape table, TableShape.Column column, ValueType type)
            throws SQLException {
        String name = ComposedSql.quoted(column.name());
        return ComposedSql.number(
                        from,
                        "SELECT EXISTS (SELECT 1 FROM " + ComposedSql.quoted(table.name()) + " WHERE typeof(" + name
                                + ") = 'text' AND length(" + name + ") > " + type.limit() + ")")
                > 0;
    }

    /** With foreign keys off, as Python's sqlite3 has them, rows outlive what they belong to. PostgreSQL refuses that. */
    private static void findOrphans(Handle from, Faults faults) throws SQLException {
        Map<String, String> remedies = new HashMap<>();
        ComposedSql.all(
                        from,
                        "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check",
                        row -> new RowFault(
                                row.getString(1),
                                row.getString(2) == null ? "a row" : "id " + row.getString(2),
                                "",
                                "belongs to a row of " + row.getString(3) + " that does not exist",
                                remedies.computeIfAbsent(
                                        row.getString(1), table -> "delete the row, or give it one that exists")))
                .forEach(faults::add);
    }

    /** What sets aside what is in the way in the target, and what brings it back. */
    @FunctionalInterface
    private interface Frame {

        /** Returns what is to be run once all rows are in. */
        List<String> open(List<TablePlan> plans) throws SQLException;
    }

    /** How a table of the source is read. */
    @FunctionalInterface
    private interface Reader {
        RowStream read(TablePlan plan, Faults faults) throws SQLException;
    }

    private List<CopyReport.Table> carry(
            Transaction transaction,
            Target target,
            Frame frame,
            Handle from,
            Reader reader,
            List<TablePlan> plans,
            Faults found)
            throws SQLException {
        Faults faults = found.copy();
        List<String> restore = frame.open(plans);
        List<CopyReport.Table> tables = new ArrayList<>();
        for (TablePlan plan : plans) {
            Instant begun = clock.instant();
            TableCopy.Counts counts = new TableCopy(
                            plan, () -> reader.read(plan, faults), target, step("copying " + plan.name(), from, plan))
                    .run();
            if (counts.differences() > 0) {
                ComposedSql.run(transaction, "ANALYZE " + plan.quotedName());
            }
            tables.add(new CopyReport.Table(
                    plan.name(),
                    counts.rows(),
                    counts.carried(),
                    counts.updated(),
                    counts.deleted(),
                    Duration.between(begun, clock.instant())));
        }
        if (!faults.isEmpty()) {
            throw new RowsRefused(faults);
        }
        for (String statement : restore) {
            ComposedSql.run(transaction, statement);
        }
        // Where nothing had to be changed, all of it was compared just now.
        Set<String> compared = tables.stream()
                .filter(table -> table.carried() + table.updated() + table.deleted() == 0)
                .map(CopyReport.Table::name)
                .collect(Collectors.toSet());
        requireSame(
                target,
                plans.stream().filter(plan -> !compared.contains(plan.name())).toList(),
                from,
                reader);
        return tables;
    }

    /** The number of an account that is gone must not become somebody else's while its tokens are remembered. */
    private static long highestKnown(Handle from, TablePlan plan) throws SQLException {
        long highest = 0;
        boolean hasSequences =
                ComposedSql.number(from, "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'") > 0;
        if (hasSequences) {
            highest = ComposedSql.number(
                    from,
                    "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE lower(name) = lower(?)",
                    plan.name());
        }
        boolean hasTokens =
                ComposedSql.number(from, "SELECT count(*) FROM sqlite_master WHERE name = '" + TOKENS + "'") > 0;
        if (hasTokens && plan.name().equals("users")) {
            highest = Math.max(highest, ComposedSql.number(from, "SELECT coalesce(max(user_id), 0) FROM " + TOKENS));
        }
        return highest;
    }

    private void requireSame(Target target, List<TablePlan> plans, Handle from, Reader reader) throws SQLException {
        long differences = 0;
        @Nullable String first = null;
        for (TablePlan plan : plans) {
            long different = compared(target, plan, from, reader, "comparing ").differences();
            if (different > 0 && first == null) {
                first = plan.name();
            }
            differences += different;
        }
        if (first != null) {
            throw new CopyRefusedException("verified row by row, " + differences + " rows differ from the source, the"
                    + " first of them in " + first + ". Everything was taken back");
        }
    }

    private TableCopy.Counts compared(Target target, TablePlan plan, Handle from, Reader reader, String doing)
            throws SQLException {
        return new TableCopy(plan, () -> reader.read(plan, new Faults()), target, step(doing + plan.name(), from, plan))
                .compare();
    }

    private long differencesOnServer(Database to, Handle from) {
        return to.dryRun(transaction -> {
            TimeLimits.liftBesideFile(transaction);
            Map<String, TableShape> tables = SqliteCatalogue.read(from).tables();
            return differences(
                    new PostgresTarget(transaction),
                    new Plans(tables, PostgresCatalogue.read(transaction).tables(), tables),
                    from,
                    (plan, faults) -> new SqliteRows(from, plan, faults));
        });
    }

    private long differencesInFile(Database to, Handle from) {
        return to.dryRun(transaction -> {
            Map<String, TableShape> tables = PostgresCatalogue.read(from).tables();
            return differences(
                    new SqliteTarget(transaction),
                    new Plans(SqliteCatalogue.read(transaction).tables(), tables, tables),
                    from,
                    (plan, faults) -> new PostgresRows(from, plan, faults));
        });
    }

    /** How many rows of the source, as it is now, are not so in the target. */
    private long differences(Target target, Plans plans, Handle from, Reader reader) throws SQLException {
        long differences = 0;
        for (TablePlan plan : plans.all()) {
            differences += compared(target, plan, from, reader, "looking for changes of ")
                    .differences();
        }
        return differences;
    }

    private Step step(String name, Handle from, TablePlan plan) throws SQLException {
        return new Step(
                progress,
                name,
                Math.max(1, ComposedSql.number(from, "SELECT count(*) FROM " + plan.quotedName() + plan.where())));
    }
}
