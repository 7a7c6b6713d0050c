package org.multisession.db;

import java.sql.SQLException;

/** A statement has failed and taken the whole transaction with it, as RAISE(ROLLBACK) in a trigger does. */
public final class TransactionLostException extends SQLException {

    TransactionLostException(SQLException failure) {
        super(failure.getMessage(), failure.getSQLState(), failure.getErrorCode(), failure);
    }
}
