/**
 * The commands of the archive when it is run by {@code java -jar}.
 */
@NullMarked
package org.multisession.cli;

import org.jspecify.annotations.NullMarked;
