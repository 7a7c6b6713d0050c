/**
 * Sessions: their rows, their tokens and the form in which these are stored (the stage), how long they live, which
 * devices use them and when they were last seen.
 */
@NullMarked
package org.multisession.session;

import org.jspecify.annotations.NullMarked;
