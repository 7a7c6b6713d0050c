package org.multisession.migration;

import java.sql.SQLException;
import java.util.List;
import java.util.regex.Pattern;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;
import org.multisession.db.Transaction;

/**
 * A foreign key of {@code user_sessions} that leads to another table than {@code users}, or to none: whoever rebuilds
 * {@code users} by renaming the old table first takes the foreign keys of others along. No session can be written then.
 *
 * @param column from which it leads; another one than {@code user_id} only where its table is gone
 * @param table where it leads to
 */
record StrayReference(String column, String table) {

    /** The column that refers to a user. */
    static final String OF_THE_USER = "user_id";

    private static final String FIND = """
            SELECT lower(f."from"), f."table" FROM pragma_foreign_key_list('user_sessions') f
            WHERE (lower(f."from") = 'user_id' AND lower(f."table") <> 'users')
              OR NOT EXISTS (SELECT 1 FROM sqlite_master m WHERE m.type = 'table' AND lower(m.name) = lower(f."table"))
            ORDER BY f.id
            """;

    private static final String IS_OURS = "SELECT 1 FROM multisession_created WHERE name = 'user_sessions'";

    private static final String SQL = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'user_sessions'";

    private static final String CORRECT =
            "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = 'user_sessions'";

    static List<StrayReference> find(Handle handle) throws SQLException {
        return ComposedSql.all(handle, FIND, row -> new StrayReference(row.getString(1), row.getString(2)));
    }

    /** Whether this product made the table and so may correct it; a table of the old app is left alone. */
    static boolean isOursToCorrect(Handle handle, Catalogue catalogue) throws SQLException {
        return catalogue.has("multisession_created")
                && !ComposedSql.texts(handle, IS_OURS).isEmpty();
    }

    /** Corrects all in a table that we have made. To be done before we let go of it, since nobody knows that afterwards. */
    static void correctOurs(Transaction transaction) throws SQLException {
        if (isOursToCorrect(transaction, Catalogue.read(transaction))) {
            for (StrayReference stray : find(transaction)) {
                stray.correct(transaction);
            }
        }
    }

    /**
     * Lets it lead to {@code users} again. Only the words of the table are corrected, as SQLite's manual has it for changes
     * that do not touch how rows are stored: they all stay, and nobody waits, however many there are. Outside of our
     * connections the change is seen by the schema's version, as any other.
     */
    void correct(Transaction transaction) throws SQLException {
        Pattern reference = Pattern.compile(
                "\\bREFERENCES\\s+(?:\"" + Pattern.quote(table.replace("\"", "\"\"")) + "\"|" + Pattern.quote(table)
                        + "\\b)",
                Pattern.CASE_INSENSITIVE);
        String corrected =
                reference.matcher(ComposedSql.texts(transaction, SQL).get(0)).replaceAll("REFERENCES users");
        long version = ComposedSql.number(transaction, "PRAGMA schema_version");
        ComposedSql.run(transaction, "PRAGMA writable_schema = ON");
        try {
            ComposedSql.update(transaction, CORRECT, corrected);
            ComposedSql.run(transaction, "PRAGMA schema_version = " + (version + 1));
        } finally {
            // This also reads the schema again.
            ComposedSql.run(transaction, "PRAGMA writable_schema = RESET");
        }
    }
}
