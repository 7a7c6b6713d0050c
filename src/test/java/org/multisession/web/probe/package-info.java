/**
 * Servlets of another application in the same WAR, for the tests: they are compiled here and put into a copy of it.
 */
@NullMarked
package org.multisession.web.probe;

import org.jspecify.annotations.NullMarked;
