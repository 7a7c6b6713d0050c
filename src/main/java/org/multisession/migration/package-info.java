/**
 * Brings an old database to many sessions per user, provably and without changing what was there.
 */
@NullMarked
package org.multisession.migration;

import org.jspecify.annotations.NullMarked;
