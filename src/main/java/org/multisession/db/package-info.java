/**
 * The database: connections, transactions, times, and all that is peculiar to SQLite.
 */
@NullMarked
package org.multisession.db;

import org.jspecify.annotations.NullMarked;
