package org.multisession.migration;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.multisession.db.ComposedSql;
import org.multisession.db.Handle;

/** The SHA-256 of what a database holds, by which two of them can be told apart; as base64url, 43 characters. */
public final class TableDigest {

    /** SQLite takes an expression of a depth of 1,000; each column adds two to it. */
    private static final int COLUMNS_AT_A_TIME = 100;

    private static final String SCHEMA =
            "SELECT quote(type) || quote(name) || quote(tbl_name) || quote(sql) FROM sqlite_master ORDER BY type, name";

    private TableDigest() {}

    /** The digest of every statement of the schema. */
    public static String ofSchema(Handle handle) throws SQLException {
        MessageDigest digest = sha256();
        long unused = add(handle, SCHEMA, digest, new Step(Progress.NONE, "", 0));
        return text(digest);
    }

    /** The digest of every row and column of these tables, in table order. */
    public static String ofTables(Handle handle, List<String> tables, Progress progress) throws SQLException {
        MessageDigest digest = sha256();
        for (String table : tables) {
            digest.update(table.getBytes(StandardCharsets.UTF_8));
            Step step = new Step(progress, "taking a fingerprint of " + table, Snapshot.rows(handle, table));
            long unused = add(
                    handle,
                    "SELECT "
                            + row(Catalogue.columns(handle, table).values().stream()
                                    .map(Catalogue.Column::name)
                                    .toList())
                            + " FROM main.\"" + table + "\" NOT INDEXED",
                    digest,
                    step);
        }
        return text(digest);
    }

    /** Text of several columns at a time: one value is read faster than many, but an expression must not grow too deep. */
    static String row(List<String> columns) {
        List<String> parts = new ArrayList<>();
        for (int from = 0; from < columns.size(); from += COLUMNS_AT_A_TIME) {
            List<String> part = columns.subList(from, Math.min(columns.size(), from + COLUMNS_AT_A_TIME)).stream()
                    .map(name -> "quote(" + ComposedSql.quoted(name) + ")")
                    .toList();
            parts.add(String.join(" || ',' || ", part));
        }
        return String.join(", ", parts);
    }

    /** Adds every column of every row; returns how many rows there are. */
    static long add(Handle handle, String sql, MessageDigest digest, Step step) throws SQLException {
        long rows = 0;
        try (PreparedStatement statement = handle.prepare(sql);
                ResultSet row = statement.executeQuery()) {
            int columns = row.getMetaData().getColumnCount();
            while (row.next()) {
                for (int i = 1; i <= columns; i++) {
                    digest.update(row.getString(i).getBytes(StandardCharsets.UTF_8));
                    digest.update((byte) '\n');
                }
                rows++;
                step.at(rows);
            }
        }
        step.end();
        return rows;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static String text(MessageDigest digest) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(digest.digest());
    }
}
