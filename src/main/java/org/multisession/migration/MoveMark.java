package org.multisession.migration;

import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;

/**
 * The mark of a migration in steps that is not finished. It is set in the transaction that makes the first object, and
 * removed in the last one. While it is there, nothing of ours counts.
 *
 * @param isFirst whether nothing of ours counted before either, so that one may also begin anew; no longer where somebody
 *     has served since: an earlier version, which does not know the mark, and whose memory must not be dropped
 * @param id of this beginning: whoever works on an earlier one must not note a pass of this one as done
 * @param passes the names of the passes that are still to be done
 */
record MoveMark(boolean isFirst, String id, Set<String> passes) {

    private static final String NAME = "migration";
    private static final String FIRST = "first";
    private static final String UPGRADE = "upgrade";

    private static final String ID = "#";

    /** Whoever serves notes the stage and signs of life among the others. */
    private static final String GET = """
            SELECT m.value, (SELECT count(*) FROM multisession_state o
              WHERE o.name NOT IN (m.name, 'users-watched') AND o.changed_at > m.changed_at) AS newer
            FROM multisession_state m WHERE m.name = 'migration'
            """;

    private static final String SET =
            "INSERT INTO multisession_state (name, value, changed_at) VALUES ('" + NAME + "', ?, ?)";

    private static final String CLEAR = "DELETE FROM multisession_state WHERE name = '" + NAME + "'";

    MoveMark {
        passes = new LinkedHashSet<>(passes);
    }

    /** The mark that is there; null if none is. */
    static @Nullable MoveMark read(Handle handle, Catalogue catalogue) throws SQLException {
        if (!catalogue.has("multisession_state")) {
            return null;
        }
        return current(handle);
    }

    /** The same where the table is known to be there. */
    static @Nullable MoveMark current(Handle handle) throws SQLException {
        return ComposedSql.all(handle, GET, row -> parse(row.getString(1), row.getLong(2) > 0)).stream()
                .findFirst()
                .orElse(null);
    }

    private static MoveMark parse(String value, boolean hasServed) {
        List<String> words = Arrays.asList(value.split(" ", -1));
        String id = words.size() > 1 && words.get(1).startsWith(ID) ? words.get(1) : "";
        int passes = id.isEmpty() ? 1 : 2;
        return new MoveMark(
                words.get(0).equals(FIRST) && !hasServed, id, new LinkedHashSet<>(words.subList(passes, words.size())));
    }

    /** One that begins now. */
    static MoveMark begin(boolean isFirst, Set<String> passes) {
        return new MoveMark(isFirst, ID + UUID.randomUUID(), passes);
    }

    /** The same without a pass that is done. */
    MoveMark without(String pass) {
        Set<String> left = new LinkedHashSet<>(passes);
        left.remove(pass);
        return new MoveMark(isFirst, id, left);
    }

    /** Puts it in, in the place of an earlier one. */
    void write(Transaction transaction, String now) throws SQLException {
        clear(transaction);
        String value = (kind() + " " + id + " " + String.join(" ", passes)).strip();
        ComposedSql.update(transaction, SET, value, now);
    }

    private String kind() {
        return isFirst ? FIRST : UPGRADE;
    }

    /** From now on everything counts. */
    static void clear(Transaction transaction) throws SQLException {
        ComposedSql.update(transaction, CLEAR);
    }
}
