package org.multisession.db;

import java.sql.SQLException;

/** A statement failed and rolled back the whole transaction, as RAISE(ROLLBACK) in a trigger does. */
public final class TransactionLostException extends SQLException {

    TransactionLostException(SQLException failure) {
        super(failure.getMessage(), failure.getSQLState(), failure.getErrorCode(), failure);
    }
}
