/** Measurements, run by hand; the build never judges by them. */
@NullMarked
package org.multisession.bench;

import org.jspecify.annotations.NullMarked;
