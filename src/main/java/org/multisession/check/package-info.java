/**
 * A report on a database, for whoever signs off on a deploy: what it holds, who stays signed in, and what has to be done
 * first. It only reads.
 */
@NullMarked
package org.multisession.check;

import org.jspecify.annotations.NullMarked;
