package org.multisession.db;

import java.sql.SQLException;

/**
 * A statement failed. The message names it, and contains neither its text nor the bound values, which may be secrets.
 */
final class StatementException extends DatabaseException {

    private final Sql sql;
    private final SQLException failure;

    private final Vendor vendor;

    StatementException(Sql sql, SQLException failure, Vendor vendor) {
        super("\"" + sql + "\" failed: " + vendor.describe(failure), vendor.kindOf(failure), failure);
        this.vendor = vendor;
        this.sql = sql;
        this.failure = failure;
    }

    /** The name of the statement. */
    @Override
    public String statement() {
        return sql.toString();
    }

    /** What the driver said. */
    SQLException failure() {
        return failure;
    }

    /** The exception for the caller, if this was the real reason. */
    DatabaseException because(SQLException reason) {
        if (vendor.kindOf(reason).passes()) {
            return vendor.translated(reason);
        }
        StatementException failed = reason == failure ? this : new StatementException(sql, reason, vendor);
        return failed.kind().isOfTheStorage()
                ? new StorageException(statement(), String.valueOf(failed.getMessage()), failed.kind(), reason)
                : failed;
    }
}
