/**
 * Tokens as values: as a client presents them, as a table stores them, their hash, and the public id of a session.
 */
@NullMarked
package org.multisession.token;

import org.jspecify.annotations.NullMarked;
