/**
 * Who is this, sign-in and sign-out: the acts that cross the tables, without HTTP.
 */
@NullMarked
package org.multisession.auth;

import org.jspecify.annotations.NullMarked;
