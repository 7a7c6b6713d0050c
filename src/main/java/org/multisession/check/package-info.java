/**
 * A report on a database that an engineer signs off on before a deploy: what it holds, who stays signed in, what is to
 * be done first. Reads only.
 */
@NullMarked
package org.multisession.check;

import org.jspecify.annotations.NullMarked;
