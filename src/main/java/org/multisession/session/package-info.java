/**
 * Sessions: their rows, their tokens and the form in which these are stored (the stage), how long they live, what they are
 * used by and when they were last seen.
 */
@NullMarked
package org.multisession.session;

import org.jspecify.annotations.NullMarked;
