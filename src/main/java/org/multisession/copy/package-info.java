/**
 * Carries a whole database from SQLite to PostgreSQL and back: the team's tables and ours, row by row, so that every
 * session goes on.
 *
 * <p>{@link org.multisession.copy.DatabaseCopy} works on a snapshot of the one and in a single transaction on the other:
 * the target is at any moment as it was before, or a verified copy. {@link org.multisession.copy.ValueType} writes the
 * values of both in one common text, by which rows are compared; what PostgreSQL cannot hold is a {@link
 * org.multisession.copy.RowFault}.
 */
@NullMarked
package org.multisession.copy;

import org.jspecify.annotations.NullMarked;
