/**
 * The settings: where they are looked up, their ranges and defaults, and all their faults, named at once.
 */
@NullMarked
package org.multisession.config;

import org.jspecify.annotations.NullMarked;
