/**
 * The team's {@code users} table, as far as it concerns us, and telephone numbers.
 */
@NullMarked
package org.multisession.user;

import org.jspecify.annotations.NullMarked;
