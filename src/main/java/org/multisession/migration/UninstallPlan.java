package org.multisession.migration;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.multisession.db.ComposedSql;
import org.multisession.db.Database;
import org.multisession.db.Handle;
import org.multisession.token.TokenSql;

/**
 * What an uninstall removes, what it leaves, and who would be signed out of the old app by it.
 *
 * @param objects what is removed, in the order in which that is done
 * @param kept tables that this product uses and did not make, or that are wanted further on
 * @param users rows of {@code users}, none of which is touched
 * @param legacyTokens users whom the old app knows by {@code users.auth_token}, whatever is removed
 * @param endedTokens those of them whose token was signed out here: the old app will take it again
 * @param sessions sessions that open an account now
 * @param fallingOut those of them that open none in the old app afterwards
 */
public record UninstallPlan(
        List<Item> objects,
        List<Item> kept,
        long users,
        long legacyTokens,
        long endedTokens,
        long sessions,
        long fallingOut) {

    /**
     * A table, index or trigger.
     *
     * @param rows 0 for what is no table
     */
    public record Item(String kind, String name, long rows) {}

    /** Triggers first: they must not react to what follows. Indexes go with their tables, but not all tables go. */
    private static final List<String> ORDER = List.of("trigger", "index", "view", "table");

    private static final Pass USERS = new Pass("", "counting users", "users u", "u.id", List.of());
    private static final Pass SESSIONS = new Pass("", "counting sessions", "user_sessions s", "s.id", List.of());

    private static final String LEGACY_TOKENS =
            "SELECT count(*) FROM users u WHERE {range} AND typeof(u.auth_token) <> 'blob' AND u.auth_token <> ''";

    private static final String ENDED_TOKENS = """
            SELECT count(*) FROM users u JOIN multisession_tokens t ON t.auth_token IN (u.auth_token, multisession_hash(u.auth_token))
            WHERE {range} AND t.ended_at IS NOT NULL AND u.auth_token <> ''""";

    /**
     * All that live, those of them that are stored as hashes, which the old app cannot read, and those that {@code users}
     * has as well.
     */
    private static final String LIVE_TOKENS =
            "SELECT count(*), count(*) FILTER (WHERE " + TokenSql.isHash("s.auth_token")
                    + "), count(*) FILTER (WHERE s.auth_token IN (u.auth_token, multisession_hash(u.auth_token))) "
                    + TokenSql.LIVE_SESSIONS + " AND {range}";

    private static final String REFERENCES = "SELECT DISTINCT lower(f.\"table\") FROM pragma_foreign_key_list(?) f";

    /** Whether there is nothing of this product in the database. */
    public boolean isEmpty() {
        return objects.isEmpty();
    }

    /** Whether {@code user_sessions} is still there afterwards. */
    public boolean keepsSessions() {
        return kept.stream().anyMatch(item -> item.name().equals("user_sessions"));
    }

    /** What there is to remove and to keep, without counting any rows. */
    static UninstallPlan of(Handle handle, boolean keepSessions) throws SQLException {
        Catalogue catalogue = Catalogue.read(handle);
        Set<String> ours = new HashSet<>(madeByUs(handle, catalogue));
        // We made it in a new database, and it has been the team's since.
        SchemaObject.users().forEach(object -> ours.remove(object.name()));
        if (keepSessions) {
            SchemaObject.additions().stream()
                    .filter(object -> !object.isOurs())
                    .forEach(object -> ours.remove(object.name()));
        }
        List<Item> objects = new ArrayList<>();
        List<Item> kept = new ArrayList<>();
        for (Catalogue.Entry entry : catalogue.all()) {
            boolean marked = entry.name().toLowerCase(Locale.ROOT).startsWith(SchemaObject.OUR_PREFIX);
            Item item = new Item(entry.type(), entry.name(), 0);
            if (marked || ours.contains(entry.name())) {
                objects.add(item);
            } else if (Set.of("user_sessions", "auth_events").contains(entry.name())) {
                kept.add(item);
            }
        }
        objects.sort(Comparator.comparingInt((Item item) -> ORDER.indexOf(item.kind()))
                .thenComparing(Item::name));
        if (!objects.isEmpty()) {
            requireThatNothingElseNeedsThem(handle, catalogue, objects);
        }
        return new UninstallPlan(objects, kept, 0, 0, 0, 0, 0);
    }

    /** The same plan with its numbers of rows, which are counted page by page. */
    UninstallPlan counted(Database database, Pages pages) {
        Catalogue catalogue = database.read(Catalogue::read);
        boolean hasUsers = catalogue.has("users");
        boolean hasTokens = hasUsers && catalogue.has("multisession_tokens");
        long[] ofUsers = hasUsers
                ? pages.ask(
                        USERS, "SELECT (%s), (%s)".formatted(LEGACY_TOKENS, hasTokens ? ENDED_TOKENS : "SELECT 0"), 2)
                : new long[2];
        long[] ofSessions =
                hasTokens && catalogue.has("user_sessions") ? pages.ask(SESSIONS, LIVE_TOKENS, 3) : new long[3];
        return new UninstallPlan(
                counted(database, objects),
                counted(database, kept),
                hasUsers ? database.read(handle -> Snapshot.rows(handle, "users")) : 0,
                ofUsers[0],
                ofUsers[1],
                ofSessions[0],
                keepsSessions() ? ofSessions[1] : ofSessions[0] - ofSessions[2]);
    }

    private static List<Item> counted(Database database, List<Item> items) {
        return items.stream()
                .map(item -> item.kind().equals("table")
                        ? new Item(item.kind(), item.name(), database.read(h -> Snapshot.rows(h, item.name())))
                        : item)
                .toList();
    }

    /** Objects whose names do not tell who made them. */
    private static Set<String> madeByUs(Handle handle, Catalogue catalogue) throws SQLException {
        return catalogue.has("multisession_created")
                ? Set.copyOf(ComposedSql.texts(handle, "SELECT name FROM multisession_created"))
                : Set.of();
    }

    /** An index or a trigger of somebody else's would go with the table; a view or a foreign key would point nowhere. */
    private static void requireThatNothingElseNeedsThem(Handle handle, Catalogue catalogue, List<Item> objects)
            throws SQLException {
        Set<String> removed = new HashSet<>();
        objects.forEach(item -> removed.add(item.kind() + " " + item.name()));
        for (Catalogue.Entry entry : catalogue.all()) {
            if (removed.contains(entry.type() + " " + entry.name())) {
                continue;
            }
            Set<String> referred = referredBy(handle, entry);
            for (Item table : objects) {
                if (table.kind().equals("table") && needs(entry, referred, table.name())) {
                    throw new MigrationRefusedException("the " + entry.type() + " " + entry.name()
                            + ", which Multi-Session did not make, needs the table " + table.name()
                            + ", which would be removed. Drop it first"
                            + (table.name().equals("user_sessions") ? ", or keep that table (--keep-sessions)" : ""));
                }
            }
        }
    }

    /** What a table's own text says besides its foreign keys is no need: a column or a remark may have the same name. */
    private static boolean needs(Catalogue.Entry entry, Set<String> referred, String table) {
        return entry.table().equalsIgnoreCase(table)
                || referred.contains(table.toLowerCase(Locale.ROOT))
                || (entry.isAQuery()
                        && Pattern.compile("\\b" + Pattern.quote(table) + "\\b", Pattern.CASE_INSENSITIVE)
                                .matcher(String.valueOf(entry.sql()))
                                .find());
    }

    /** The tables to which the foreign keys of this one lead. */
    private static Set<String> referredBy(Handle handle, Catalogue.Entry entry) throws SQLException {
        return entry.type().equals("table") && !entry.isVirtual()
                ? Set.copyOf(ComposedSql.texts(handle, REFERENCES, entry.name()))
                : Set.of();
    }
}
