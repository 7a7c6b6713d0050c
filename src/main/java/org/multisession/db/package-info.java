/**
 * The database: connections, transactions, statements and times. What differs between kinds of databases is behind {@code
 * Vendor} and {@code Source}, whose implementations have packages of their own.
 */
@NullMarked
package org.multisession.db;

import org.jspecify.annotations.NullMarked;
