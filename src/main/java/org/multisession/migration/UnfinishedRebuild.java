package org.multisession.migration;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;

/**
 * A table that somebody is rebuilding, statement by statement and each of them committed: it is gone, or it is there
 * and its rows are still to come. Whoever took that for the truth would end every session for good, and the rows that
 * come a moment later would belong to nobody.
 *
 * <p>A table that has our triggers is none of those: it was emptied row by row, and they saw it.
 *
 * @param table which of the two
 * @param reason what was found and what to do, for people
 * @param stopsADeploy whether a deploy refuses it, which somebody reads
 * @param mayBeMeant whether it is taken as it is when nothing changes for some minutes
 */
record UnfinishedRebuild(String table, String reason, boolean stopsADeploy, boolean mayBeMeant) {

    private static final Set<String> OF_USERS = Set.of("id", "phone", "auth_token");
    private static final Set<String> OF_SESSIONS = Set.of("id", "user_id", "auth_token", "created_at", "last_seen_at");

    /** The unfinished rebuild, or null. Cheap for tables of any size. */
    static @Nullable UnfinishedRebuild find(Handle handle) throws SQLException {
        Catalogue catalogue = Catalogue.read(handle);
        if (catalogue.isWithoutOurMemory()
                || !catalogue.has("multisession_accounts")
                || !catalogue.has("multisession_rows")) {
            return null;
        }
        UnfinishedRebuild ofUsers = ofUsers(handle, catalogue);
        return ofUsers != null ? ofUsers : ofSessions(handle, catalogue);
    }

    private static @Nullable UnfinishedRebuild ofUsers(Handle handle, Catalogue catalogue) throws SQLException {
        if (catalogue.hasTriggers("users", Witnesses.ON_USERS)) {
            return null;
        }
        if (hasRows(handle, catalogue, "users")) {
            return partial(handle, catalogue, "users", Witnesses.ON_USERS);
        }
        if (!hasRows(handle, catalogue, "multisession_accounts")) {
            return null;
        }
        String source = tableWithRows(handle, catalogue, "users", OF_USERS);
        boolean isThere = catalogue.has("users");
        // In any other database users is not being rebuilt.
        return new UnfinishedRebuild(
                "users",
                reason(isThere, "users", source, "multisession_accounts"),
                isThere || source != null,
                isThere && source == null);
    }

    private static @Nullable UnfinishedRebuild ofSessions(Handle handle, Catalogue catalogue) throws SQLException {
        if (catalogue.hasTriggers("user_sessions", Witnesses.ON_SESSIONS)) {
            return null;
        }
        if (hasRows(handle, catalogue, "user_sessions")) {
            return partial(handle, catalogue, "user_sessions", Witnesses.ON_SESSIONS);
        }
        boolean isThere = catalogue.has("user_sessions");
        if (!hasRows(handle, catalogue, "multisession_rows")) {
            // To make it would be in the way of whoever is about to; no session is at stake, so a deploy may.
            return isThere
                            || tablesLike(handle, catalogue, "user_sessions", OF_SESSIONS)
                                    .isEmpty()
                    ? null
                    : new UnfinishedRebuild(
                            "user_sessions", reason(false, "user_sessions", null, "multisession_rows"), false, true);
        }
        String source = tableWithRows(handle, catalogue, "user_sessions", OF_SESSIONS);
        if (isThere && source == null) {
            // Everybody may have signed out since the rebuild.
            return null;
        }
        return new UnfinishedRebuild(
                "user_sessions", reason(isThere, "user_sessions", source, "multisession_rows"), source != null, true);
    }

    /** The table that was renamed out of the way holds more than the one in its place. */
    private static @Nullable UnfinishedRebuild partial(
            Handle handle, Catalogue catalogue, String table, Set<String> triggers) throws SQLException {
        for (Catalogue.Entry trigger : catalogue.triggersElsewhere(table, triggers)) {
            if (isTrue(
                    handle,
                    "SELECT coalesce(max(id), 0) < (SELECT coalesce(max(id), 0) FROM "
                            + ComposedSql.quoted(trigger.table()) + ") FROM " + table)) {
                return new UnfinishedRebuild(
                        table,
                        table + " does not hold all rows of " + trigger.table() + " yet, which it was before",
                        false,
                        true);
            }
        }
        return null;
    }

    private static String reason(boolean isThere, String table, @Nullable String source, String memory) {
        return table + (isThere ? " is empty" : " is missing") + ", and it was not when it was last looked at"
                + (source == null ? "" : "; rows like its own are in " + source)
                + ". Somebody's rebuilding of it looks unfinished: finish it. If it is meant to be"
                + " empty, say so by DELETE FROM " + memory
                + (isThere ? "" : ", and make the table");
    }

    /** Finds the table with the missing rows by its columns. */
    private static @Nullable String tableWithRows(Handle handle, Catalogue catalogue, String table, Set<String> columns)
            throws SQLException {
        for (String other : tablesLike(handle, catalogue, table, columns)) {
            if (hasRows(handle, catalogue, other)) {
                return other;
            }
        }
        return null;
    }

    /** The other tables of the team that have these columns. */
    private static List<String> tablesLike(Handle handle, Catalogue catalogue, String table, Set<String> columns)
            throws SQLException {
        List<Catalogue.Entry> others = catalogue.all().stream()
                .filter(entry -> entry.type().equals("table") && !entry.name().equalsIgnoreCase(table))
                .filter(entry -> !entry.name().toLowerCase(Locale.ROOT).startsWith(SchemaObject.OUR_PREFIX))
                .filter(entry -> !entry.isVirtual())
                .toList();
        List<String> like = new ArrayList<>();
        for (Catalogue.Entry other : others) {
            if (Catalogue.columns(handle, other.name()).keySet().containsAll(columns)) {
                like.add(other.name());
            }
        }
        return like;
    }

    private static boolean hasRows(Handle handle, Catalogue catalogue, String table) throws SQLException {
        return catalogue.has(table)
                && isTrue(handle, "SELECT EXISTS (SELECT 1 FROM " + ComposedSql.quoted(table) + " NOT INDEXED)");
    }

    private static boolean isTrue(Handle handle, String sql) throws SQLException {
        return ComposedSql.number(handle, sql) > 0;
    }
}
