/** Fuzzing of the parsers of what strangers send; no other build than {@code mvn -Pfuzz test} compiles it. */
@NullMarked
package org.multisession.fuzz;

import org.jspecify.annotations.NullMarked;
