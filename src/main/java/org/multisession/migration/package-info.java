/**
 * Migrates an old database to many sessions per user, verified and without changing what was there; and back.
 */
@NullMarked
package org.multisession.migration;

import org.jspecify.annotations.NullMarked;
