/**
 * The team's {@code users} table, as far as it concerns us, and how a user is found by a number in it.
 */
@NullMarked
package org.multisession.user;

import org.jspecify.annotations.NullMarked;
