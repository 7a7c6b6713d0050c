package org.multisession.copy;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Rows of one table, by their common texts, in the order of the key. */
interface RowStream extends AutoCloseable {

    /** The next one; null after the last. */
    @Nullable
    String @Nullable [] next() throws SQLException;

    @Override
    void close() throws SQLException;
}
