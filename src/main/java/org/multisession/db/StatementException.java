package org.multisession.db;

import java.sql.SQLException;
import org.multisession.db.sqlite.Sqlite;

/** A statement failed. The message names it; neither its text nor the bound values, which may be secrets, are told. */
final class StatementException extends DatabaseException {

    private final Sql sql;
    private final SQLException failure;

    StatementException(Sql sql, SQLException failure) {
        super("\"" + sql + "\" failed: " + Sqlite.describe(failure), failure);
        this.sql = sql;
        this.failure = failure;
    }

    /** The name of the statement. */
    String statement() {
        return sql.toString();
    }

    /** What the driver said. */
    SQLException failure() {
        return failure;
    }

    /** What the caller is told, where this was the real reason. */
    DatabaseException because(SQLException reason) {
        if (Sqlite.isBusy(reason)) {
            return Database.translated(reason);
        }
        return reason == failure ? this : new StatementException(sql, reason);
    }
}
