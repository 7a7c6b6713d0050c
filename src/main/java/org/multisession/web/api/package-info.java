/**
 * JSON for programs.
 */
@NullMarked
package org.multisession.web.api;

import org.jspecify.annotations.NullMarked;
