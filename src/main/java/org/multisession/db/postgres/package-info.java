/** Everything that is particular to PostgreSQL: its connections, its transactions, its error codes. */
@NullMarked
package org.multisession.db.postgres;

import org.jspecify.annotations.NullMarked;
