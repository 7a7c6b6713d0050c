package org.multisession.migration;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;

/**
 * The mark of a migration that is done in steps and is not finished. It is set in the transaction that makes the first
 * object and removed in the last one; while it is there, nothing of ours counts.
 *
 * @param isFirst whether nothing of ours counted before either, so that one may also begin anew
 * @param passes the names of the passes that are still to be done
 */
record MoveMark(boolean isFirst, Set<String> passes) {

    private static final String NAME = "migration";
    private static final String FIRST = "first";
    private static final String UPGRADE = "upgrade";

    private static final String GET = "SELECT value FROM multisession_state WHERE name = '" + NAME + "'";

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
        try (PreparedStatement statement = handle.prepare(GET);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? parse(row.getString(1)) : null;
        }
    }

    private static MoveMark parse(String value) {
        List<String> words = Arrays.asList(value.split(" ", -1));
        return new MoveMark(words.get(0).equals(FIRST), new LinkedHashSet<>(words.subList(1, words.size())));
    }

    /** The same without a pass that is done. */
    MoveMark without(String pass) {
        Set<String> left = new LinkedHashSet<>(passes);
        left.remove(pass);
        return new MoveMark(isFirst, left);
    }

    /** Puts it in, in the place of an earlier one. */
    void write(Transaction transaction, String now) throws SQLException {
        clear(transaction);
        try (PreparedStatement statement = transaction.prepare(SET)) {
            statement.setString(1, passes.isEmpty() ? kind() : kind() + " " + String.join(" ", passes));
            statement.setString(2, now);
            statement.executeUpdate();
        }
    }

    private String kind() {
        return isFirst ? FIRST : UPGRADE;
    }

    /** From now on everything counts. */
    static void clear(Transaction transaction) throws SQLException {
        try (PreparedStatement statement = transaction.prepare(CLEAR)) {
            statement.executeUpdate();
        }
    }
}
