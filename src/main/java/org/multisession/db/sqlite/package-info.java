/** Everything that is particular to SQLite: its file, its pragmas, its error codes, its copies. */
@NullMarked
package org.multisession.db.sqlite;

import org.jspecify.annotations.NullMarked;
