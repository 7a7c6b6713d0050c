/** What happens, counted for Prometheus: the one package that knows Micrometer. */
@NullMarked
package org.multisession.metrics;

import org.jspecify.annotations.NullMarked;
