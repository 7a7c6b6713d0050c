/** Counts what happens, for Prometheus. No other package knows Micrometer. */
@NullMarked
package org.multisession.metrics;

import org.jspecify.annotations.NullMarked;
