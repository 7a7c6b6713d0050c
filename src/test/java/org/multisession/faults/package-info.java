/**
 * What a machine does to a program: kills it, fills its disk, holds its locks, starts it twice. Small in every build, at
 * full size by {@code mvn -Psoak verify}; the counts are system properties that the profile sets.
 */
@NullMarked
package org.multisession.faults;

import org.jspecify.annotations.NullMarked;
