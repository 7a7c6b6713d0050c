/**
 * Sessions: their rows, their tokens, how long they live and when they were last seen.
 */
@NullMarked
package org.multisession.session;

import org.jspecify.annotations.NullMarked;
