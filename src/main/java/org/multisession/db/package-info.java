/**
 * The database: connections, transactions, statements and times. What differs between kinds of databases is answered by
 * a {@code Vendor} and a {@code Source}, which have packages of their own.
 */
@NullMarked
package org.multisession.db;

import org.jspecify.annotations.NullMarked;
