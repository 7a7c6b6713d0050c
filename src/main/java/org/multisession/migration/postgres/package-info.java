/** The migration of a PostgreSQL database, beside the old app that goes on using it. */
@NullMarked
package org.multisession.migration.postgres;

import org.jspecify.annotations.NullMarked;
